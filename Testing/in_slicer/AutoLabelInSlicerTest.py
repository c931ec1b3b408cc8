"""What must hold in the running application: the module, the effect and their resources are there. CTest runs it."""

import sys
import unittest

import slicer


class AutoLabelInSlicerTest(unittest.TestCase):
    """Looks at a Slicer that has just started; changes nothing but the scene."""

    def test_the_module_is_there_with_an_icon(self):
        module = slicer.modules.autolabel
        self.assertEqual(module.title, "AutoLabel")
        self.assertIn("Segmentation", module.categories)
        self.assertFalse(module.icon.isNull())

    def test_the_effect_is_in_the_segment_editor(self):
        effects = slicer.qSlicerSegmentEditorEffectFactory.instance().registeredEffects()
        self.assertIn("AutoLabel", [effect.name for effect in effects])

    def test_starting_slicer_loads_nothing_heavy(self):
        self.assertFalse({"torch", "monai"} & set(sys.modules))

    def test_the_bundled_models_are_found(self):
        import AutoLabelLib

        names = {spec.name for spec in AutoLabelLib.models()}
        self.assertLessEqual({"hippocampus_mr", "lung_nodule_ct"}, names)

    def test_the_terminology_loads(self):
        from AutoLabelLib.scene.terminology import TERMINOLOGY, load_terminology

        load_terminology()
        self.assertTrue(slicer.modules.terminologies.logic().GetNumberOfCategoriesInTerminology(TERMINOLOGY))

    def test_the_sample_data_are_registered(self):
        from AutoLabelLib.gui import sample_data

        sample_data.register()
        sources = slicer.modules.sampleDataSources[sample_data.CATEGORY]
        self.assertEqual([source.sampleName for source in sources], [sample_data.CHEST_PHANTOM])
