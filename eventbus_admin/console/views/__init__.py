"""Views, one module for each page: read the request, ask an action or a queryset, render."""
