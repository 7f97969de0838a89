"""One slice of a phantom, in Hounsfield units."""

import numpy as np
from scipy.ndimage import gaussian_filter

from ._phantom_fields import Noise, splat

_AIR, _FAT, _MUSCLE, _BLOOD, _BONE = -1000.0, -95.0, 45.0, 40.0, 520.0


def render_slice(rng, patient, z, size):
    """Render a slice.

    Parameters
    ----------
    rng : numpy.random.Generator
        For grain and noise, which differ from slice to slice.

    patient : Patient
        The phantom.

    z : float
        Height of the slice, from 0 at the top of the lungs to 1 at their base.

    size : int
        Width and height in pixels.

    Returns
    -------
    density : ndarray of shape (size, size), float32
        Hounsfield units.
    """
    canvas = _Canvas(patient, z, size)
    density = canvas.body()
    lungs = canvas.lungs()
    lung_density = canvas.lung_density(rng, lungs)
    density += lungs * (lung_density - density)
    return canvas.scan(rng, density)


class _Canvas:
    """Coordinates of the pixels, as seen from the middle of the patient."""

    def __init__(self, patient, z, size):
        self.patient, self.traits, self.z, self.size = patient, patient.traits, z, size
        self.pixel = 2.0 / size
        axis = ((np.arange(size) + 0.5) * self.pixel - 1).astype(np.float32)
        traits = self.traits
        x, y = axis[np.newaxis, :] - traits["shift_x"], axis[:, np.newaxis] - traits["shift_y"]
        cos, sin = np.cos(traits["rotation"]), np.sin(traits["rotation"])
        self.x, self.y = cos * x + sin * y, cos * y - sin * x
        # The cavity narrows towards the top of the lungs.
        self.wall = traits["fat"] + traits["wall"]
        narrow = 1 - 0.55 * max(0.0, 0.42 - z) ** 1.5
        self.cavity_width = (traits["body_width"] - self.wall) * narrow
        self.cavity_height = (traits["body_height"] - self.wall) * narrow
        self.spine = traits["body_height"] - traits["fat"] - 0.36
        self.aorta = (0.135, self.spine - 0.09)
        self.soft_shapes = self._soft_shapes()
        # The spine and the muscles beside it, which indent the lungs.
        self.spine_region = self.ellipse(0, self.spine + 0.13, 0.185, 0.235)

    def cover(self, distance, softness=1.0):
        """Share of each pixel that lies inside, from the distance to the edge."""
        return np.clip(0.5 - distance / (self.pixel * softness), 0, 1)

    def ellipse(self, x, y, width, height, power=2.0, angle=0.0):
        """Distance to the edge of an ellipse, negative inside; exact enough near it."""
        cos, sin = np.cos(angle), np.sin(angle)
        dx, dy = self.x - x, self.y - y
        across = np.abs(cos * dx + sin * dy) / width
        down = np.abs(cos * dy - sin * dx) / height
        if power == 2.0:
            radius = np.sqrt(across * across + down * down)
        else:
            radius = (across**power + down**power) ** (1 / power)
        return (radius - 1) * min(width, height)

    def body(self):
        """Everything but the lungs."""
        traits = self.traits
        width, height, power = traits["body_width"], traits["body_height"], traits["squareness"]
        skin = self.ellipse(0, 0, width, height, power)
        density = np.full((self.size, self.size), _AIR, dtype=np.float32)
        self._lay(density, skin, _MUSCLE)
        self._lay(density, skin + 0.02, _FAT)
        self._lay(density, skin + traits["fat"], _MUSCLE)
        # Fat between the muscles of the wall, thicker at the back and at the front.
        between = np.abs(skin + self.wall - 0.055) - 0.003 - 0.016 * (self.y / height) ** 2
        self._lay(density, between, _FAT, strength=0.8)
        if self.z > 0.3:  # fat around the heart
            self._lay(density, self.ellipse(0, -0.1, 0.3, 0.34), _FAT, strength=0.6)
        self._organs(density)
        self._bones(density)
        if traits["couch"]:
            below = height + 0.04 + 0.10 * self.x**2
            self._lay(density, np.abs(self.y - below) - 0.012, -150)
        return density

    def _lay(self, density, distance, value, strength=1.0):
        density += strength * self.cover(distance) * (value - density)

    def _organs(self, density):
        traits, z = self.traits, self.z
        for shape in self.soft_shapes:
            self._lay(density, shape, _MUSCLE)
            self._lay(density, shape + 0.035, _BLOOD + 0.8 * traits["contrast"])
        if z < 0.5:
            windpipe = 0.055 if z < 0.40 else 0.042
            offsets = (0.0,) if z < 0.40 else (-0.075, 0.075)
            for offset in offsets:
                tube = self.ellipse(offset, 0.06, windpipe, windpipe * 1.05)
                self._lay(density, tube - 0.012, _MUSCLE)
                self._lay(density, tube, _AIR)
        aorta = 0.062 * traits["mediastinum"]
        self._lay(density, self.ellipse(*self.aorta, aorta, aorta), _BLOOD + traits["contrast"])

    def _soft_shapes(self):
        """Distances to the heart, the great vessels and what lies between the lungs."""
        traits, z = self.traits, self.z
        scale = traits["mediastinum"]
        height = self.cavity_height
        middle = self.ellipse(0.0, 0.02, 0.135 * scale, height * 0.92, 2.4)
        shapes = [middle]
        arch = np.exp(-(((z - 0.30) / 0.10) ** 2))
        shapes.append(self.ellipse(0.09, 0.0, 0.10 + 0.07 * arch, 0.15 + 0.03 * arch, angle=0.5))
        hilum = np.exp(-(((z - 0.50) / 0.12) ** 2))
        for side in (-1, 1):
            shapes.append(
                self.ellipse(side * 0.15, 0.06, 0.05 + 0.07 * hilum, 0.045 + 0.05 * hilum)
            )
        size = np.clip((z - 0.32) / 0.3, 0, 1) * traits["heart"]
        if size > 0.1:
            shapes.append(
                self.ellipse(0.10, -0.15, 0.15 + 0.19 * size, 0.10 + 0.14 * size, angle=0.45)
            )
        liver = 0.9 * (z - 0.74)
        if liver > 0.03:
            shapes.append(self.ellipse(-0.42, -0.02, liver + 0.05, liver))
        return shapes

    def _bones(self, density):
        traits, y, scale = self.traits, self.spine, self.traits["spine"]
        self._lay(density, self.spine_region, _MUSCLE)
        # vertebra: body, arch around the canal, spinous and transverse processes
        for shape in (
            self.ellipse(0, y + 0.145, 0.085 * scale, 0.075 * scale),
            self.ellipse(0, y + 0.255, 0.022, 0.075),
            self.ellipse(-0.13, y + 0.15, 0.085, 0.024, angle=-0.45),
            self.ellipse(0.13, y + 0.15, 0.085, 0.024, angle=0.45),
        ):
            self._lay(density, shape, _BONE)
        self._lay(density, self.ellipse(0, y, 0.125 * scale, 0.098 * scale, 2.3), _BONE)
        self._lay(density, self.ellipse(0, y, 0.098 * scale, 0.072 * scale, 2.3), 230)
        self._lay(density, self.ellipse(0, y + 0.135, 0.05, 0.048), _MUSCLE)
        sternum = self.ellipse(0, -self.cavity_height - 0.035, 0.085, 0.028)
        self._lay(density, sternum, _BONE)
        self._lay(density, sternum + 0.016, 200)
        self._ribs(density)
        if self.z < 0.5:
            for side in (-1, 1):
                blade = self.ellipse(
                    side * (self.cavity_width * 0.86 + 0.07),
                    self.cavity_height * 0.62,
                    0.19 * (0.75 - self.z),
                    0.016,
                    angle=side * -0.85,
                )
                inside = traits["body_width"] - traits["fat"]
                self._lay(density, np.maximum(blade, np.abs(self.x) - inside), _BONE)

    def _ribs(self, density):
        width, height = self.cavity_width, self.cavity_height
        ring = self.ellipse(0, 0, width, height, self.traits["squareness"]) - 0.040
        angle = np.arctan2(self.y / height, self.x / width)
        centres = self.patient.ribs[:, 0] + 0.9 * self.z
        halves = self.patient.ribs[:, 1]
        near = np.full_like(density, np.inf)
        for centre, half in zip(centres, halves, strict=True):
            if abs(np.sin(centre) - 1) < 0.12 or abs(np.sin(centre) + 1) < 0.06:
                continue  # spine and sternum
            off = np.abs((angle - centre + np.pi) % (2 * np.pi) - np.pi)
            near = np.minimum(near, off / half)
        # An ellipse along the ring: bright bark, less bright marrow.
        rib = (np.sqrt((ring / 0.026) ** 2 + near**2) - 1) * 0.026
        self._lay(density, rib, _BONE)
        self._lay(density, rib + 0.013, 230)

    def lungs(self):
        """Share of each pixel that is lung."""
        cavity = self.ellipse(
            0, 0, self.cavity_width, self.cavity_height, self.traits["squareness"]
        )
        middle = np.minimum.reduce([*self.soft_shapes, self.spine_region])
        aorta = self.ellipse(*self.aorta, 0.075, 0.075)
        self.inwards = np.maximum.reduce(
            [cavity, self._lung_outline(), 0.008 - middle, 0.008 - aorta]
        )
        return self.cover(self.inwards, 1.4)

    def _lung_outline(self):
        """Distance to two tall ovals that lean towards each other at the front."""
        width, height = self.cavity_width, self.cavity_height
        return np.minimum.reduce(
            [
                self.ellipse(
                    side * 0.53 * width,
                    0.02,
                    0.50 * width,
                    1.03 * height,
                    2.3,
                    side * self.traits["lean"],
                )
                for side in (-1, 1)
            ]
        )

    def lung_density(self, rng, lungs):
        """Density inside the lungs."""
        traits, patient = self.traits, self.patient
        noise = Noise(rng, self.size)
        down = self.y / self.cavity_height
        density = traits["lung"] + traits["gravity"] * down
        density = density + traits["texture"] * noise(0.012) + traits["patchiness"] * noise(0.10)
        if traits["emphysema"]:
            density = density - traits["emphysema"] * np.clip(noise(0.03) - 0.4, 0, None)
        # Lung that collapses under its own weight at the back.
        depth = -self.inwards / traits["dependent_depth"]
        behind = np.clip(2.2 * down - 0.9, 0, 1)
        density = density + traits["dependent"] * behind * np.exp(-depth) * (1 + 0.25 * noise(0.03))
        opaque = self._opacities(patient.opacities, noise)
        vessels = self._vessels(lungs)
        if patient.pattern == "consolidation":
            # Vessels vanish in it; airways stay dark.
            cover = np.clip(opaque / 600, 0, 1)
            density = np.minimum(density + opaque, 30 + 15 * noise(0.02))
            density = density + vessels * ((1 - cover) * (_BLOOD - density) - cover * 420)
        else:
            # Ground glass veils the lung and leaves its vessels to be seen.
            density = np.minimum(density + opaque, -120)
            density = density + vessels * (_BLOOD - density)
        density = np.minimum(density + self._nodules(), 60)
        return self._effusion(density)

    def _opacities(self, lesions, noise):
        """Hounsfield units that the lesions add."""
        total = np.zeros((self.size, self.size), dtype=np.float32)
        if len(lesions.added) == 0:
            return total
        ragged = 0.55 * noise(0.045) + 0.25 * noise(0.02)
        texture = 1 + 0.16 * noise(0.02)
        if lesions.reticulation:
            net = np.exp(-((noise(0.016) / 0.35) ** 2))
            texture = texture + lesions.reticulation * (net - 0.4)
        for centre, radius, added in zip(
            lesions.centre, lesions.radius, lesions.added, strict=True
        ):
            inside = 1 - ((self.z - centre[2]) / radius[2]) ** 2
            inside = inside - ((self.x - centre[0]) / radius[0]) ** 2
            inside = inside - ((self.y - centre[1]) / radius[1]) ** 2 + ragged
            step = np.clip(inside / 0.9, 0, 1)
            total = np.maximum(total, added * step * step * (3 - 2 * step))
        return total * texture

    def _nodules(self):
        lesions = self.patient.nodules
        total = np.zeros((self.size, self.size), dtype=np.float32)
        for centre, radius, added in zip(
            lesions.centre, lesions.radius[:, 0], lesions.added, strict=True
        ):
            left = radius**2 - (self.z - centre[2]) ** 2
            if left > 0:
                total += added * self.cover(self.ellipse(*centre[:2], np.sqrt(left), np.sqrt(left)))
        return total

    def _vessels(self, lungs):
        """Share of each pixel that is vessel: what a slab of the trees projects to."""
        points = self.patient.vessels
        points = points[np.abs(points[:, 2] - self.z) < 0.020 + 0.5 * points[:, 3]]
        traits = self.traits
        cos, sin = np.cos(traits["rotation"]), np.sin(traits["rotation"])
        x = cos * points[:, 0] - sin * points[:, 1] + traits["shift_x"]
        y = sin * points[:, 0] + cos * points[:, 1] + traits["shift_y"]
        column, row = (x + 1) / self.pixel - 0.5, (y + 1) / self.pixel - 0.5
        vessels = np.zeros((self.size, self.size))
        for low, high, width in ((0, 0.006, 0.005), (0.006, 0.012, 0.009), (0.012, 1, 0.016)):
            of = (points[:, 3] >= low) & (points[:, 3] < high)
            weight = (points[of, 3] / 0.006) * 1.2e-4 / self.pixel**2
            drawn = splat(column[of], row[of], weight, self.size)
            vessels += gaussian_filter(drawn, max(0.4, 0.5 * width / self.pixel))
        # The outermost lung has vessels too fine to be seen.
        fade = np.clip(-self.inwards / 0.05, 0, 1)
        return (1 - np.exp(-vessels)) * lungs * fade

    def _effusion(self, density):
        """Fluid between lung and wall: a crescent at the back."""
        width, height = self.cavity_width, self.cavity_height
        for side, level in zip((-1, 1), self.patient.effusion, strict=True):
            if level:
                on_side = self.x * side > 0
                lifted = self.ellipse(
                    side * 0.45 * width, -1.5 * level * height, 0.62 * width, 1.05 * height
                )
                pressed = np.clip(1 + lifted / 0.10, 0, 1) ** 2
                density = density + on_side * pressed * 0.7 * np.clip(-100 - density, 0, None)
                fluid = on_side * (self.y > 0) * self.cover(-lifted, 1.5)
                density = density + fluid * (12 - density)
        return density

    def scan(self, rng, density):
        """Blur, movement and noise of the scanner."""
        traits, pixel = self.traits, self.pixel
        density = gaussian_filter(density, traits["blur"] * self.size / 128)
        if traits["motion"]:
            # Two positions of a breathing chest, one on top of the other.
            step = traits["motion"] / pixel
            rows = round(step * np.sin(traits["motion_angle"]))
            columns = round(step * np.cos(traits["motion_angle"]))
            density = 0.6 * density + 0.4 * np.roll(density, (rows, columns), axis=(0, 1))
        if traits["round"]:  # nothing is measured outside the field of view
            field = np.hypot(self.x + traits["shift_x"], self.y + traits["shift_y"]) - 0.99
            density = density + self.cover(-field) * (-2000 - density)
        noise = rng.standard_normal(density.shape, dtype=np.float32)
        grain = traits["grain"] * self.size / 128
        noise = gaussian_filter(noise, grain)
        return density + traits["noise"] * noise / noise.std()
