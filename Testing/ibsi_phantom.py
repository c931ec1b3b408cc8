"""The digital phantom of the Image Biomarker Standardisation Initiative, and what its features are agreed to be.

The voxels and the mask are those of the file that the IBSI publishes (github.com/theibsi/data_sets,
ibsi_1_digital_phantom, CC BY 4.0, by A. Zwanenburg). The values are the consensus of the IBSI, Zwanenburg et al. 2020,
The Image Biomarker Standardization Initiative, Radiology 295:328, and the reference manual, arXiv:1612.07003, section
by section: for textures the column "3D, merged" (or "3D", where there is nothing to merge). Where the manual gives no
tolerance, a value holds to the digits that are printed.
"""

from __future__ import annotations

import numpy as np

SPACING_MM = (2.0, 2.0, 2.0)

# Rows along x, below each other along y, one block per z, as the manual draws them.
_VOXELS = """
1 4 4 1 1 / 1 4 6 1 1 / 4 1 6 4 1 / 4 4 6 4 1
1 4 4 1 1 / 1 1 6 1 1 / 1 1 3 1 1 / 4 4 6 1 1
1 4 4 1 1 / 1 1 1 1 1 / 1 1 9 1 1 / 1 1 6 1 1
1 4 4 1 1 / 1 1 1 1 1 / 1 1 1 1 1 / 1 1 6 1 1
"""
_MASK = """
1 1 1 1 1 / 1 1 1 1 1 / 1 1 1 1 1 / 1 1 1 1 1
1 1 1 1 1 / 1 1 1 1 1 / 0 1 1 1 1 / 1 1 1 1 1
1 1 1 0 0 / 1 1 1 1 1 / 1 1 0 1 1 / 1 1 1 1 1
1 1 1 0 0 / 1 1 1 1 1 / 1 1 1 1 1 / 1 1 1 1 1
"""


def _array(text: str) -> np.ndarray:
    blocks = [[row.split() for row in line.split("/")] for line in text.strip().splitlines()]
    return np.array(blocks, dtype=np.float64).transpose(2, 1, 0)  # (x, y, z)


VOXELS = _array(_VOXELS)
MASK = _array(_MASK).astype(bool)

# Name, value, tolerance; without a tolerance the value holds to its printed digits. Volumes are here in mm³, as in the
# manual.
_VALUES = """
morph_volume_mesh_mm3 556 4
morph_volume_voxel_counting_mm3 592 4
morph_surface_area_mesh_mm2 388 3
morph_surface_to_volume_ratio_per_mm 0.698 0.004
morph_compactness_1 0.0411 0.0003
morph_compactness_2 0.599 0.004
morph_spherical_disproportion 1.19 0.01
morph_sphericity 0.843 0.005
morph_asphericity 0.186 0.001
morph_centre_of_mass_shift_mm 0.672 0.004
morph_maximum_3d_diameter_mm 13.1 0.1
morph_major_axis_length_mm 11.4 0.1
morph_minor_axis_length_mm 9.31 0.06
morph_least_axis_length_mm 8.54 0.05
morph_elongation 0.816 0.005
morph_flatness 0.749 0.005
morph_volume_density_aabb 0.869 0.005
morph_area_density_aabb 0.866 0.005
morph_volume_density_aee 1.17 0.01
morph_area_density_aee 1.36 0.01
morph_volume_density_convex_hull 0.961 0.006
morph_area_density_convex_hull 1.03 0.01
morph_integrated_intensity 1200 10
morph_morans_i 0.0397 0.0003
morph_gearys_c 0.974 0.006
loc_local_intensity_peak 2.6
loc_global_intensity_peak 3.1
stat_mean 2.15
stat_variance 3.05
stat_skewness 1.08
stat_excess_kurtosis -0.355
stat_median 1
stat_minimum 1
stat_10th_percentile 1
stat_90th_percentile 4
stat_maximum 6
stat_interquartile_range 3
stat_range 5
stat_mean_absolute_deviation 1.55
stat_robust_mean_absolute_deviation 1.11
stat_median_absolute_deviation 1.15
stat_coefficient_of_variation 0.812
stat_quartile_coefficient_of_dispersion 0.6
stat_energy 567
stat_root_mean_square 2.77
ih_mean 2.15
ih_variance 3.05
ih_skewness 1.08
ih_excess_kurtosis -0.355
ih_median 1
ih_minimum 1
ih_10th_percentile 1
ih_90th_percentile 4
ih_maximum 6
ih_interquartile_range 3
ih_range 5
ih_mean_absolute_deviation 1.55
ih_robust_mean_absolute_deviation 1.11
ih_median_absolute_deviation 1.15
ih_coefficient_of_variation 0.812
ih_quartile_coefficient_of_dispersion 0.6
ih_mode 1
ih_entropy 1.27
ih_uniformity 0.512
ih_maximum_gradient 8
ih_maximum_gradient_grey_level 3
ih_minimum_gradient -50
ih_minimum_gradient_grey_level 1
ivh_volume_at_intensity_fraction_10 0.324
ivh_volume_at_intensity_fraction_90 0.0946
ivh_intensity_at_volume_fraction_10 5
ivh_intensity_at_volume_fraction_90 2
ivh_volume_fraction_difference_between_intensity_fractions 0.23
ivh_intensity_fraction_difference_between_volume_fractions 3
glcm_joint_maximum 0.509
glcm_joint_average 2.15
glcm_joint_variance 3.13
glcm_joint_entropy 2.57
glcm_difference_average 1.38
glcm_difference_variance 3.21
glcm_difference_entropy 1.64
glcm_sum_average 4.3
glcm_sum_variance 7.41
glcm_sum_entropy 2.11
glcm_angular_second_moment 0.291
glcm_contrast 5.12
glcm_dissimilarity 1.38
glcm_inverse_difference 0.688
glcm_normalised_inverse_difference 0.856
glcm_inverse_difference_moment 0.631
glcm_normalised_inverse_difference_moment 0.902
glcm_inverse_variance 0.0574
glcm_correlation 0.183
glcm_autocorrelation 5.19
glcm_cluster_tendency 7.41
glcm_cluster_shade 17.4
glcm_cluster_prominence 147
glcm_information_correlation_1 -0.0288
glcm_information_correlation_2 0.269
glrlm_short_runs_emphasis 0.729
glrlm_long_runs_emphasis 2.76
glrlm_low_grey_level_run_emphasis 0.607
glrlm_high_grey_level_run_emphasis 9.64
glrlm_short_run_low_grey_level_emphasis 0.372
glrlm_short_run_high_grey_level_emphasis 8.67
glrlm_long_run_low_grey_level_emphasis 2.16
glrlm_long_run_high_grey_level_emphasis 15.6
glrlm_grey_level_non_uniformity 281
glrlm_normalised_grey_level_non_uniformity 0.43
glrlm_run_length_non_uniformity 328
glrlm_normalised_run_length_non_uniformity 0.501
glrlm_run_percentage 0.68
glrlm_grey_level_variance 3.48
glrlm_run_length_variance 0.598
glrlm_run_entropy 2.62
glszm_small_zone_emphasis 0.255
glszm_large_zone_emphasis 550
glszm_low_grey_level_zone_emphasis 0.253
glszm_high_grey_level_zone_emphasis 15.6
glszm_small_zone_low_grey_level_emphasis 0.0256
glszm_small_zone_high_grey_level_emphasis 2.76
glszm_large_zone_low_grey_level_emphasis 503
glszm_large_zone_high_grey_level_emphasis 1490
glszm_grey_level_non_uniformity 1.4
glszm_normalised_grey_level_non_uniformity 0.28
glszm_zone_size_non_uniformity 1
glszm_normalised_zone_size_non_uniformity 0.2
glszm_zone_percentage 0.0676
glszm_grey_level_variance 2.64
glszm_zone_size_variance 331
glszm_zone_size_entropy 2.32
gldzm_small_distance_emphasis 1
gldzm_large_distance_emphasis 1
gldzm_low_grey_level_zone_emphasis 0.253
gldzm_high_grey_level_zone_emphasis 15.6
gldzm_small_distance_low_grey_level_emphasis 0.253
gldzm_small_distance_high_grey_level_emphasis 15.6
gldzm_large_distance_low_grey_level_emphasis 0.253
gldzm_large_distance_high_grey_level_emphasis 15.6
gldzm_grey_level_non_uniformity 1.4
gldzm_normalised_grey_level_non_uniformity 0.28
gldzm_zone_distance_non_uniformity 5
gldzm_normalised_zone_distance_non_uniformity 1
gldzm_zone_percentage 0.0676
gldzm_grey_level_variance 2.64
gldzm_zone_distance_variance 0
gldzm_zone_distance_entropy 1.92
ngtdm_coarseness 0.0296
ngtdm_contrast 0.584
ngtdm_busyness 6.54
ngtdm_complexity 13.5
ngtdm_strength 0.763
ngldm_low_dependence_emphasis 0.045
ngldm_high_dependence_emphasis 109
ngldm_low_grey_level_count_emphasis 0.693
ngldm_high_grey_level_count_emphasis 7.66
ngldm_low_dependence_low_grey_level_emphasis 0.00963
ngldm_low_dependence_high_grey_level_emphasis 0.736
ngldm_high_dependence_low_grey_level_emphasis 102
ngldm_high_dependence_high_grey_level_emphasis 235
ngldm_grey_level_non_uniformity 37.9
ngldm_normalised_grey_level_non_uniformity 0.512
ngldm_dependence_count_non_uniformity 4.86
ngldm_normalised_dependence_count_non_uniformity 0.0657
ngldm_dependence_count_percentage 1
ngldm_grey_level_variance 3.05
ngldm_dependence_count_variance 22.1
ngldm_dependence_count_entropy 4.4
ngldm_dependence_count_energy 0.0533
"""


def reference_values(text: str) -> dict[str, tuple[float, float]]:
    """Return value and tolerance by the name of the feature, from lines "name value [tolerance]"."""
    found = {}
    for line in text.strip().splitlines():
        name, value, *tolerance = line.split()
        found[name] = (float(value), float(tolerance[0]) if tolerance else half_a_digit(value))
    return found


def half_a_digit(printed: str) -> float:
    """Return how far a number may be from one that is printed with three significant digits, or fewer."""
    value = float(printed)
    if value == 0:
        return 0.0
    return 0.5001 * 10.0 ** (np.floor(np.log10(abs(value))) - 2)


REFERENCE = reference_values(_VALUES)
