"""Who is shown what events hold, and revealing it for a reason. Nothing here shows anything."""
