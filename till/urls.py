"""Addresses of the store's screens."""

from django.urls import path

from till.views import device, explaining, goodwill, staff, till

app_name = "till"

urlpatterns = [
    path("", till.home, name="home"),
    path("find/", till.find, name="find"),
    path("register/", till.register, name="register"),
    path("resend/", till.resend, name="resend"),
    path("prove/", till.prove, name="prove"),
    path("name/", till.name, name="name"),
    path("choose/", till.choose, name="choose"),
    path("goodwill/<uuid:public_id>/", goodwill.reasons, name="goodwill"),
    path(
        "goodwill/<uuid:public_id>/<slug:reason>/",
        goodwill.amounts,
        name="goodwill-amounts",
    ),
    path(
        "goodwill/<uuid:public_id>/<slug:reason>/approve/",
        goodwill.approve,
        name="goodwill-approve",
    ),
    path("how-it-works/", explaining.how_it_works, name="how-it-works"),
    path("enrol/", device.enrol, name="enrol"),
    path("staff/", staff.staff, name="staff"),
    path("staff/<uuid:public_id>/", staff.pin, name="pin"),
    path("lock/", staff.lock, name="lock"),
]
