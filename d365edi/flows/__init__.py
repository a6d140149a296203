"""The flows: receive, translate, resolve, deliver, acknowledge, replay; `policy` holds their decisions as pure functions."""
