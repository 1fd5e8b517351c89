"""Pages for people: views, template tags, static files. No rule of the registry lives here."""
