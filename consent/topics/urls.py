"""Addresses of the subjects."""

from django.urls import path

from consent.topics import views

urlpatterns = [
    path("", views.topic_list, name="topic-list"),
    path("add/", views.topic_add, name="topic-add"),
    path("<uuid:public_id>/", views.topic_edit, name="topic-edit"),
    path("<uuid:public_id>/move/", views.topic_move, name="topic-move"),
    path("<uuid:public_id>/retire/", views.TopicRetire.as_view(), name="topic-retire"),
    path("<uuid:public_id>/return/", views.topic_return, name="topic-return"),
]
