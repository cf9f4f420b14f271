"""Addresses of the join pages."""

from django.urls import path

from enrolment import views

app_name = "enrolment"

urlpatterns = [
    path("welcome/", views.welcome, name="welcome"),
    path("sent/", views.sent, name="sent"),
    path("terms/<str:language>/", views.terms, name="terms"),
    path("<str:token>/", views.join, name="join"),
    path("<str:token>/resend/", views.resend, name="resend"),
]
