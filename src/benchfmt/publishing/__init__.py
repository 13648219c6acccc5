"""Publishing: packages sent to catalogues and repositories, with a receipt of what came there.

A receipt lies beside the package, not in it: a package with a file that is not its own is never replaced by a new one.
"""

from benchfmt.publishing.errors import PublishError
from benchfmt.publishing.receipts import Receipt, open_receipt, read_receipt, receipt_beside

__all__ = ["PublishError", "Receipt", "open_receipt", "read_receipt", "receipt_beside"]
