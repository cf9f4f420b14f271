"""Addresses of the webhooks, the texts and the simulator's reply box."""

from django.urls import path

from conversation import views

app_name = "conversation"

urlpatterns = [
    path("hooks/sms/<str:provider>/<str:token>/", views.hook, name="hook"),
    path("sms/<str:language>/<str:what>/<str:version>/", views.text, name="text"),
    path("dev/outbox/reply/", views.simulator_reply, name="simulator-reply"),
]
