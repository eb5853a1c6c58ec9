"""`python -m vssflow_post` is `vssflow-post`."""

from vssflow_post.cli import main

main()
