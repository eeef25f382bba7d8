"""Plain Sphinx with sphinx-external-toc, which leaves out what is not listed."""

project = "Globs"
extensions = ["myst_nb", "sphinx_external_toc", "sphinx_chapters"]
external_toc_exclude_missing = True
exclude_patterns = ["_build", "parts/draft.*"]
nb_execution_mode = "off"
