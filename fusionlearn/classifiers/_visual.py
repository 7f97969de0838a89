"""How a head on features is drawn in HTML."""

from .._compat import serial_visual_block, single_visual_block
from .._documentation import DocumentedMixin


class HeadVisualMixin(DocumentedMixin):
    """Draws the extractor first, where there is one, and then what is trained."""

    def _sk_visual_block_(self):
        units = [f"{units} units" for units in self.hidden_units]
        caption = " · ".join([*units, f"dropout {self.dropout}"])
        if self.unfreeze:
            caption += f" · unfreeze {self.unfreeze}"
        if self.extractor is None:
            return single_visual_block(self, type(self).__name__, caption, details=str(self))
        extractor = getattr(self, "extractor_", self.extractor)
        details = f"What {type(self).__name__} trains on the features above."
        head = single_visual_block("head", "head", caption, details=details)
        return serial_visual_block(
            [(f"extractor: {type(extractor).__name__}", extractor), ("head", head)]
        )
