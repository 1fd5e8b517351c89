"""The pages and actions of the console, as the search finds them."""

from django.urls import reverse

from eventbus_admin.console.search import Hit

_PAGES = (
    ("overview", "Overview", "home, what needs attention"),
    ("map", "Map", "picture, graph, who talks to whom"),
    ("feed", "Feed", "live events, journal"),
    ("event-types", "Event types", ""),
    ("services", "Services", "workers, teams"),
    ("subscriptions", "Subscriptions", "queues, backlog"),
    ("dead-letters", "Dead letters", "errors, failed, retry, discard"),
    ("drift", "Drift", "broker, exchanges, queues, plan, apply"),
    ("runs", "Runs", "applied plans, drift"),
    ("operations", "Operations", "removals, replacements, quarantine"),
    ("integrators", "Integrators", "requests, invitations"),
    ("registry", "As code", "registry, import, export, download, yaml"),
    ("audit", "Audit", "who did what, changes, history"),
    ("tokens", "API tokens", "keys, credentials"),
    ("why", "Why did an event not arrive?", "missing, lost, explain, not delivered"),
    ("subscription-new", "New subscription", "create, add, listen"),
    ("event-type-new", "New event type", "create, add"),
    ("service-new", "New service", "create, add"),
    ("token-new", "New API token", "create, add"),
    ("invite", "Invite an integrator", "new, add, invitation"),
)


def pages() -> list[Hit]:
    """Return them all, pages first."""
    return [Hit(reverse(f"console:{route}"), name, keywords=words) for route, name, words in _PAGES]
