"""What goes on, as figures that others read: no part of it waits for a reader."""
