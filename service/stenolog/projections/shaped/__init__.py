"""Shape a canonical transcript into the items of its views, by pure functions.

`views.VIEWS` has every view by its name; `views.shaped` returns one of a `Conversation`.
"""
