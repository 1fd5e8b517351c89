"""What goes in and out, one module for each resource: `…Out` is read, `New…` and `…Change` sent."""
