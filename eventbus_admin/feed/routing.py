"""The addresses of the feed's sockets."""

from django.urls import path

from eventbus_admin.feed.consumers import FeedConsumer

websocket_urlpatterns = [path("ws/feed/", FeedConsumer.as_asgi())]
