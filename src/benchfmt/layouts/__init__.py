"""Layouts: descriptors of what known tools write, as data, for files that have none beside them."""

from benchfmt.layouts.fitting import Fit, fit, fit_named, may_fit
from benchfmt.layouts.layout import Layout, layout, layouts, title_lines

__all__ = ["Fit", "Layout", "fit", "fit_named", "layout", "layouts", "may_fit", "title_lines"]
