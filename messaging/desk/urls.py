"""Addresses of what the privacy desk shows of messages, below /privacy/."""

from django.urls import path

from messaging.desk.views import detail, listing, stops, withdrawals

app_name = "message-desk"

urlpatterns = [
    path("messages/", listing.MessageList.as_view(), name="message-list"),
    path("messages/<uuid:public_id>/", detail.message_detail, name="message-detail"),
    path("stops/", stops.stop_list, name="stop-list"),
    path("stops/panel/", stops.stops_panel, name="stops-panel"),
    path("withdrawals/", withdrawals.WithdrawalList.as_view(), name="withdrawal-list"),
    path("withdrawals/panel/", withdrawals.withdrawals_panel, name="withdrawals-panel"),
]
