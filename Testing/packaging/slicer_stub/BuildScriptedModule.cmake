# slicerMacroBuildScriptedModule: copies scripts and resources into the build tree, compiles them, installs the folder.
# Source: 3D Slicer 5.12, CMake/SlicerMacroBuildScriptedModule.cmake; CTK, CMake/ctkMacroCompilePythonScript.cmake.

function(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MODULE "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MODULE_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "slicerMacroBuildScriptedModule does not know: ${MODULE_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT DEFINED MODULE_NAME)
    message(FATAL_ERROR "slicerMacroBuildScriptedModule needs a NAME.")
  endif()

  # The whole folder is installed: the shared one of all modules, or, with a subfolder, that one alone. What a "../" puts
  # beside it is therefore in the build tree and never in the package.
  set(folder ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR})
  set(installed ${folder}/)
  if(MODULE_WITH_SUBDIR)
    get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    string(APPEND folder "/${name}")
    set(installed ${folder})
  endif()

  set(copies)
  set(bytecodes)
  foreach(file IN LISTS MODULE_SCRIPTS)
    if(NOT file MATCHES "\\.py$")
      string(APPEND file ".py")
    endif()
    _slicer_stub_copy(${file} ${folder} copies)
    list(APPEND bytecodes ${folder}/${file})
  endforeach()
  foreach(file IN LISTS MODULE_RESOURCES)
    _slicer_stub_copy(${file} ${folder} copies)
  endforeach()

  set(stamp ${CMAKE_CURRENT_BINARY_DIR}/${MODULE_NAME}-compiled)
  add_custom_command(
    OUTPUT ${stamp}
    COMMAND ${Python3_EXECUTABLE} -m compileall -q -f -b ${bytecodes}  # -b: x.pyc beside x.py, as CTK does it
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${copies}
    )
  add_custom_target(Compile${MODULE_NAME}PythonFiles ALL DEPENDS ${stamp})
  install(
    DIRECTORY ${installed}
    DESTINATION ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}
    COMPONENT RuntimeLibraries
    USE_SOURCE_PERMISSIONS
    )

  if(BUILD_TESTING AND MODULE_WITH_GENERIC_TESTS)
    _slicer_stub_add_generic_test(${MODULE_NAME})
  endif()
endfunction()

function(_slicer_stub_copy file folder list_name)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  if(NOT EXISTS ${source})
    message(FATAL_ERROR "slicerMacroBuildScriptedModule was given a file that is not there: ${file}")
  endif()
  add_custom_command(
    OUTPUT ${folder}/${file}
    COMMAND ${CMAKE_COMMAND} -E copy ${source} ${folder}/${file}
    DEPENDS ${source}
    )
  set(${list_name} ${${list_name}} ${folder}/${file} PARENT_SCOPE)
endfunction()
