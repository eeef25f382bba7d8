"""What several tests share: the sample book and a browser."""

from small_books import browser, sample  # noqa: F401, fixtures
