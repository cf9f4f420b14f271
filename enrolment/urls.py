"""Addresses of the join pages, and of posters and figures at the desk."""

from django.urls import path

from enrolment.views import explaining, links, posters, registrations, web

app_name = "enrolment"

urlpatterns = [
    path("join/", web.start, name="start"),
    path("join/asked/", web.asked, name="asked"),
    path("join/asked-email/", web.asked_email, name="asked-email"),
    path("join/welcome/", links.welcome, name="welcome"),
    path("join/sent/", links.sent, name="sent"),
    path("join/terms/<str:language>/", links.terms, name="terms"),
    path(
        "join/how-it-works/<str:language>/",
        explaining.how_it_works,
        name="how-it-works",
    ),
    # A link's token, or else the code of a store.
    path("join/<str:key>/", links.join, name="join"),
    path("join/<str:token>/resend/", links.resend, name="resend"),
    path("registrations/", registrations.registrations, name="registrations"),
    path("settings/stores/<uuid:public_id>/poster/", posters.poster, name="poster"),
    path(
        "settings/stores/<uuid:public_id>/poster/<slug:name>",
        posters.poster_file,
        name="poster-file",
    ),
]
