# Installs an executable NAME under DESTINATION that calls main() of the Python MODULE.
function(install_python_program name module destination)
  set(program "${CMAKE_CURRENT_BINARY_DIR}/programs/${name}")
  file(CONFIGURE OUTPUT "${program}" @ONLY CONTENT [[
#!/usr/bin/env python3
import sys

try:
    from @module@ import main
except ModuleNotFoundError as error:
    sys.stderr.write(f'error: {error.name} is not installed: README.md says what is needed\n')
    sys.exit(2)

sys.exit(main())
]])
  # A symlink install links to this file as it is, whatever PROGRAMS says.
  file(CHMOD "${program}" PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  install(PROGRAMS "${program}" DESTINATION "${destination}")
endfunction()
