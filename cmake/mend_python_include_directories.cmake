# rosidl_generator_py exports the include folders of Python and NumPy with every message library.
# In the ROS wheels on PyPI those are folders of the machine that built them (/opt/python/...), and
# CMake refuses a target with an include folder that is not there. With an apt ROS this finds
# nothing to drop. Deferred to the end of the configuration, when all targets are known.
function(mend_python_include_directories)
  get_directory_property(targets DIRECTORY "${PROJECT_SOURCE_DIR}" IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(directories)
      set(kept "")
      foreach(directory IN LISTS directories)
        if(directory MATCHES "\\$<" OR EXISTS "${directory}")
          list(APPEND kept "${directory}")
        endif()
      endforeach()
      set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${kept}")
    endif()
  endforeach()

  # Ours must not carry them either: CMake refuses to export a folder that lies in the source tree,
  # and a virtual environment often does.
  set(target ${PROJECT_NAME}__rosidl_generator_py)
  get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
  list(TRANSFORM directories REPLACE "^(/.*)$" "$<BUILD_INTERFACE:\\1>")
  set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${directories}")
endfunction()
