"""Sphinx's settings for both sites. Nothing is loaded from elsewhere: theme, formulas and search are local."""

import seqlab

project = "seqlab"
author = "the authors of seqlab"
version = release = seqlab.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "autograder.documentation.mathml"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_use_ivar = True  # attributes are told in the class, not each by itself
html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"seqlab {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
highlight_language = "none"
suppress_warnings = ["ref.python"]  # attributes of several classes share a name, and a docstring names it
