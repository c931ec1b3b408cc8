"""A chest CT of the Image Biomarker Standardisation Initiative, and what its features are agreed to be.

The image is not part of this repository: get github.com/theibsi/data_sets, and set AUTOLABEL_IBSI_DATA to its folder.
The values are the consensus for configuration C: voxels of 2 mm, linear, intensities rounded and from -1000 to 400 HU,
grey levels of 25 HU; textures 3D and merged. Those of the intensity-volume histogram are left out: configuration C
divides intensities for it into steps of its own.

Source: Zwanenburg et al. 2020, The Image Biomarker Standardization Initiative, Radiology 295:328, and the reference
    manual, arXiv:1612.07003.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from Testing.ibsi_phantom import reference_values

_EDGE_MM = 2.0
_FOLDER = "ibsi_1_ct_radiomics_phantom/nifti"


def resampled_ct(data_sets: Path) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return voxels and mask on the grid of configuration C, which has the image's centre for its own."""
    import nibabel
    from scipy.ndimage import affine_transform

    image, mask = (nibabel.load(data_sets / _FOLDER / name) for name in ("image/phantom.nii.gz", "mask/mask.nii.gz"))
    spacing_mm = np.array(image.header.get_zooms(), dtype=np.float64)
    shape = np.array(image.shape)
    counts = np.ceil(shape * spacing_mm / _EDGE_MM - 1e-3).astype(int)
    step = _EDGE_MM / spacing_mm
    start = (shape - 1) / 2 - (counts - 1) / 2 * step
    voxels, inside = (
        affine_transform(np.rint(one.get_fdata()), step, start, tuple(counts), order=1, mode="nearest")
        for one in (image, mask)
    )
    return np.rint(voxels), inside >= 0.5 - 1e-6


# Name, value, tolerance; volumes in mm³.
_VALUES = """
morph_volume_mesh_mm3 367000 6000
morph_volume_voxel_counting_mm3 368000 6000
morph_surface_area_mesh_mm2 34300 400
morph_surface_to_volume_ratio_per_mm 0.0934 0.0007
morph_compactness_1 0.0326 0.0002
morph_compactness_2 0.378 0.004
morph_spherical_disproportion 1.38 0.01
morph_sphericity 0.723 0.003
morph_asphericity 0.383 0.004
morph_centre_of_mass_shift_mm 45.6 2.8
morph_maximum_3d_diameter_mm 125 1
morph_major_axis_length_mm 93.3 0.5
morph_minor_axis_length_mm 82 0.5
morph_least_axis_length_mm 70.9 0.4
morph_elongation 0.879 0.001
morph_flatness 0.76 0.001
morph_volume_density_aabb 0.478 0.003
morph_area_density_aabb 0.678 0.003
morph_volume_density_aee 1.29 0.01
morph_area_density_aee 1.62 0.01
morph_volume_density_convex_hull 0.834 0.002
morph_area_density_convex_hull 1.13 0.01
morph_integrated_intensity -18000000 1400000
morph_morans_i 0.0824 0.0003
morph_gearys_c 0.846 0.001
loc_local_intensity_peak 169 10
loc_global_intensity_peak 180 5
stat_mean -49 2.9
stat_variance 50600 1400
stat_skewness -2.14 0.05
stat_excess_kurtosis 3.53 0.23
stat_median 40 0.4
stat_minimum -939 4
stat_10th_percentile -424 14
stat_90th_percentile 86 0.1
stat_maximum 393 10
stat_interquartile_range 67 4.9
stat_range 1330 20
stat_mean_absolute_deviation 158 4
stat_robust_mean_absolute_deviation 66.8 3.5
stat_median_absolute_deviation 119 4
stat_coefficient_of_variation -4.59 0.29
stat_quartile_coefficient_of_dispersion 1.03 0.4
stat_energy 2440000000 120000000
stat_root_mean_square 230 4
ih_mean 38.6 0.2
ih_variance 81.1 2.1
ih_skewness -2.14 0.05
ih_excess_kurtosis 3.52 0.23
ih_median 42
ih_minimum 3 0.16
ih_10th_percentile 24 0.7
ih_90th_percentile 44
ih_maximum 56 0.5
ih_interquartile_range 3 0.21
ih_range 53 0.6
ih_mean_absolute_deviation 6.32 0.15
ih_robust_mean_absolute_deviation 2.59 0.14
ih_median_absolute_deviation 4.75 0.12
ih_coefficient_of_variation 0.234 0.005
ih_quartile_coefficient_of_dispersion 0.0361 0.0027
ih_mode 43 0.1
ih_entropy 3.73 0.04
ih_uniformity 0.14 0.003
ih_maximum_gradient 4750 30
ih_maximum_gradient_grey_level 41
ih_minimum_gradient -4680 50
ih_minimum_gradient_grey_level 44
glcm_joint_maximum 0.111 0.002
glcm_joint_average 39 0.2
glcm_joint_variance 73.8 2
glcm_joint_entropy 6.42 0.06
glcm_difference_average 2.16 0.05
glcm_difference_variance 14.4 0.5
glcm_difference_entropy 2.64 0.03
glcm_sum_average 78 0.3
glcm_sum_variance 276 8
glcm_sum_entropy 4.56 0.04
glcm_angular_second_moment 0.0447 0.001
glcm_contrast 19.1 0.7
glcm_dissimilarity 2.16 0.05
glcm_inverse_difference 0.583 0.004
glcm_normalised_inverse_difference 0.966 0.001
glcm_inverse_difference_moment 0.548 0.004
glcm_normalised_inverse_difference_moment 0.994 0.001
glcm_inverse_variance 0.39 0.003
glcm_correlation 0.871 0.001
glcm_autocorrelation 1580 10
glcm_cluster_tendency 276 8
glcm_cluster_shade -10600 300
glcm_cluster_prominence 570000 11000
glcm_information_correlation_1 -0.228 0.001
glcm_information_correlation_2 0.899 0.001
glrlm_short_runs_emphasis 0.787 0.003
glrlm_long_runs_emphasis 3.28 0.04
glrlm_low_grey_level_run_emphasis 0.00155 5E-05
glrlm_high_grey_level_run_emphasis 1470 10
glrlm_short_run_low_grey_level_emphasis 0.00136 5E-05
glrlm_short_run_high_grey_level_emphasis 1100 10
glrlm_long_run_low_grey_level_emphasis 0.00314 4E-05
glrlm_long_run_high_grey_level_emphasis 5530 80
glrlm_grey_level_non_uniformity 41300 100
glrlm_normalised_grey_level_non_uniformity 0.102 0.003
glrlm_run_length_non_uniformity 234000 6000
glrlm_normalised_run_length_non_uniformity 0.575 0.004
glrlm_run_percentage 0.679 0.003
glrlm_grey_level_variance 101 3
glrlm_run_length_variance 1.11 0.02
glrlm_run_entropy 5.35 0.03
glszm_small_zone_emphasis 0.695 0.001
glszm_large_zone_emphasis 38900 900
glszm_low_grey_level_zone_emphasis 0.00235 6E-05
glszm_high_grey_level_zone_emphasis 971 7
glszm_small_zone_low_grey_level_emphasis 0.0016 4E-05
glszm_small_zone_high_grey_level_emphasis 657 4
glszm_large_zone_low_grey_level_emphasis 21.6 0.5
glszm_large_zone_high_grey_level_emphasis 70700000 1500000
glszm_grey_level_non_uniformity 195 6
glszm_normalised_grey_level_non_uniformity 0.0286 0.0003
glszm_zone_size_non_uniformity 3040 100
glszm_normalised_zone_size_non_uniformity 0.447 0.001
glszm_zone_percentage 0.148 0.003
glszm_grey_level_variance 106 1
glszm_zone_size_variance 38900 900
glszm_zone_size_entropy 7 0.01
gldzm_small_distance_emphasis 0.531 0.006
gldzm_large_distance_emphasis 11 0.3
gldzm_low_grey_level_zone_emphasis 0.00235 6E-05
gldzm_high_grey_level_zone_emphasis 971 7
gldzm_small_distance_low_grey_level_emphasis 0.00149 4E-05
gldzm_small_distance_high_grey_level_emphasis 476 11
gldzm_large_distance_low_grey_level_emphasis 0.0154 0.0005
gldzm_large_distance_high_grey_level_emphasis 13400 200
gldzm_grey_level_non_uniformity 195 6
gldzm_normalised_grey_level_non_uniformity 0.0286 0.0003
gldzm_zone_distance_non_uniformity 1870 40
gldzm_normalised_zone_distance_non_uniformity 0.274 0.005
gldzm_zone_percentage 0.148 0.003
gldzm_grey_level_variance 106 1
gldzm_zone_distance_variance 4.6 0.06
gldzm_zone_distance_entropy 7.56 0.03
ngtdm_coarseness 0.000216 4E-06
ngtdm_contrast 0.0873 0.0019
ngtdm_busyness 1.39 0.01
ngtdm_complexity 1810 60
ngtdm_strength 0.651 0.015
ngldm_low_dependence_emphasis 0.137 0.003
ngldm_high_dependence_emphasis 126 2
ngldm_low_grey_level_count_emphasis 0.0013 4E-05
ngldm_high_grey_level_count_emphasis 1570 10
ngldm_low_dependence_low_grey_level_emphasis 0.000306 1.2E-05
ngldm_low_dependence_high_grey_level_emphasis 141 2
ngldm_high_dependence_low_grey_level_emphasis 0.0828 0.0003
ngldm_high_dependence_high_grey_level_emphasis 227000 3000
ngldm_grey_level_non_uniformity 6420 10
ngldm_normalised_grey_level_non_uniformity 0.14 0.003
ngldm_dependence_count_non_uniformity 2450 60
ngldm_normalised_dependence_count_non_uniformity 0.0532 0.0005
ngldm_dependence_count_percentage 1
ngldm_grey_level_variance 81.1 2.1
ngldm_dependence_count_variance 39.2 0.1
ngldm_dependence_count_entropy 7.54 0.03
ngldm_dependence_count_energy 0.00789 0.00011
"""

REFERENCE = reference_values(_VALUES)
