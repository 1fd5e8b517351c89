"""Which broker it is: the same after a restart, another one after its disk was lost."""

from eventbus_admin.broker.client import ManagementClient
from eventbus_admin.broker.errors import BrokerRefused

_CLUSTER_ID = "internal_cluster_id"


def identity_of(api: ManagementClient, cluster_name: str, vhost: str) -> str:
    """Return what nobody shares with this virtual host of this cluster.

    A cluster's name follows from its hosts' names. Its id is made with its first disk: a cluster
    that was set up anew has another one, so that nothing counts as established there although
    workers may have declared some of their own objects before we looked.
    """
    try:
        rows = api.get("global-parameters")
    except BrokerRefused:
        rows = []  # a user with fewer rights: the name has to do
    found = (str(one["value"]) for one in rows if one["name"] == _CLUSTER_ID)
    return "/".join(("rabbitmq", cluster_name, vhost, next(found, "")))
