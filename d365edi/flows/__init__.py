"""What happens: receive, translate, resolve, deliver, acknowledge, replay; and the pure policy that decides when."""
