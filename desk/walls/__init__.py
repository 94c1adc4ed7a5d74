"""Wall views (大屏视图): kept, found, and looked through by whom they belong to."""
