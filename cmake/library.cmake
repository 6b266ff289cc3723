# libductus.so (what callback programs link), the ductus program, and the practice broker ductus-sandbox.
get_property(modules GLOBAL PROPERTY DUCTUS_MODULES)
get_property(libraries GLOBAL PROPERTY DUCTUS_LIBRARIES)
list(REMOVE_DUPLICATES libraries)
add_library(ductus SHARED)
add_library(ductus::ductus ALIAS ductus)
foreach(module IN LISTS modules)
  target_sources(ductus PRIVATE $<TARGET_OBJECTS:${module}>)
endforeach()
target_link_libraries(ductus PRIVATE ductus_options ${libraries} Threads::Threads)
target_compile_features(ductus PUBLIC cxx_std_20)
target_include_directories(ductus PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
target_link_options(ductus PRIVATE LINKER:--version-script=${CMAKE_CURRENT_LIST_DIR}/ductus.map)
set_target_properties(ductus PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/ductus.map)

add_executable(ductus_program src/cli/ductus_main.cc)
set_target_properties(ductus_program PROPERTIES OUTPUT_NAME ductus RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_link_libraries(ductus_program PRIVATE ductus_options ductus)

file(GLOB_RECURSE sandbox_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/sandbox/*.cc)
list(FILTER sandbox_sources EXCLUDE REGEX "_main\\.cc$")
add_library(ductus_sandbox STATIC ${sandbox_sources} ${PROJECT_SOURCE_DIR}/src/kafka/wire.cc)
target_include_directories(ductus_sandbox PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(ductus_sandbox PUBLIC ductus_net ductus_options PkgConfig::isal PkgConfig::snappy PkgConfig::lz4
  PkgConfig::zstd)
add_executable(ductus_sandbox_cli src/sandbox/sandbox_main.cc)
set_target_properties(ductus_sandbox_cli PROPERTIES OUTPUT_NAME ductus-sandbox RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_link_libraries(ductus_sandbox_cli PRIVATE ductus_sandbox CLI11::CLI11)
