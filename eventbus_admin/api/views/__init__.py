"""Views, one module for each resource: read the request, ask an action or a queryset, answer."""
