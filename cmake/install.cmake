# What `cmake --install` lays: bin/ductus, libductus.so, its headers, a CMake package, a pkg-config file and completions
# for the shells. Each finds the others by relative paths, so that the whole may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set_target_properties(ductus_program PROPERTIES INSTALL_RPATH \$ORIGIN/${bin_to_lib})
install(TARGETS ductus_program ductus EXPORT ductus)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ductus DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)

set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ductus)
install(EXPORT ductus NAMESPACE ductus:: FILE ductusTargets.cmake DESTINATION ${cmake_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/packaging/ductusConfig.cmake.in ductusConfig.cmake
  INSTALL_DESTINATION ${cmake_dir} NO_SET_AND_CHECK_MACRO)
# Until 1.0 a new minor version may break what was compiled against the last one.
write_basic_package_version_file(ductusConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ductusConfig.cmake ${PROJECT_BINARY_DIR}/ductusConfigVersion.cmake
  DESTINATION ${cmake_dir})

set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH DUCTUS_PC_TO_PREFIX ${CMAKE_INSTALL_PREFIX}/${pc_dir} ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" DUCTUS_PC_TO_PREFIX "${DUCTUS_PC_TO_PREFIX}")
configure_file(${PROJECT_SOURCE_DIR}/packaging/ductus.pc.in ductus.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ductus.pc DESTINATION ${pc_dir})

# The one file that names where things lie: systemd wants it so.
configure_file(${PROJECT_SOURCE_DIR}/packaging/ductus@.service.in ductus@.service @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ductus@.service DESTINATION lib/systemd/system)

# The shells find them there by themselves.
set(completion_dir ${PROJECT_BINARY_DIR}/completion)
file(MAKE_DIRECTORY ${completion_dir})
add_custom_command(TARGET ductus_program POST_BUILD
  COMMAND ductus_program completion bash > ${completion_dir}/ductus
  COMMAND ductus_program completion zsh > ${completion_dir}/_ductus
  COMMAND ductus_program completion fish > ${completion_dir}/ductus.fish
  VERBATIM)
install(FILES ${completion_dir}/ductus DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${completion_dir}/_ductus DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${completion_dir}/ductus.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
