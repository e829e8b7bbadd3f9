# Installs the library, its headers, the program where it is built, the data, and what find_package(fanin) reads.
include(CMakePackageConfigHelpers)

set(FANIN_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/fanin)

install(TARGETS fanin EXPORT faninTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT fanin_development
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT fanin_runtime NAMELINK_COMPONENT fanin_development
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT fanin_runtime)
if(TARGET fanin_cli)
  install(TARGETS fanin_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT fanin_runtime)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/fanin DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT fanin_development FILES_MATCHING PATTERN "*.h")
# The licenses of the data ask for their authors' names beside them.
foreach(set mnist digits)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/data/${set}/ DESTINATION ${CMAKE_INSTALL_DATADIR}/fanin/${set}
    COMPONENT fanin_runtime FILES_MATCHING PATTERN "*.gz" PATTERN "README.md")
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/fanin COMPONENT fanin_runtime)

install(EXPORT faninTargets NAMESPACE fanin:: DESTINATION ${FANIN_INSTALL_CMAKEDIR} COMPONENT fanin_development)
get_target_property(FANIN_TYPE fanin TYPE)
string(COMPARE EQUAL "${FANIN_TYPE}" STATIC_LIBRARY FANIN_IS_STATIC)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/faninConfig.cmake.in
  ${PROJECT_BINARY_DIR}/faninConfig.cmake INSTALL_DESTINATION ${FANIN_INSTALL_CMAKEDIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/faninConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/faninConfig.cmake ${PROJECT_BINARY_DIR}/faninConfigVersion.cmake
  DESTINATION ${FANIN_INSTALL_CMAKEDIR} COMPONENT fanin_development)
