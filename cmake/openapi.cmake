# The description of the control API is built in, so that a node serves what it does.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/openapi.json)
file(READ ${PROJECT_SOURCE_DIR}/docs/openapi.json DUCTUS_OPENAPI)
configure_file(${PROJECT_SOURCE_DIR}/src/node/api/openapi.cc.in ${PROJECT_BINARY_DIR}/openapi.cc @ONLY)
target_sources(ductus_node PRIVATE ${PROJECT_BINARY_DIR}/openapi.cc)
