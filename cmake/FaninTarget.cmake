# The one library target, fanin::fanin, and the compile options that every source of the project shares.
add_library(fanin)
add_library(fanin::fanin ALIAS fanin)

set(FANIN_SANITIZE "" CACHE STRING "Value of -fsanitize= for the whole project, empty for none")

# An interface target, so that the program, the tests and the benchmarks compile like the library.
add_library(fanin_options INTERFACE)
target_compile_features(fanin_options INTERFACE cxx_std_20)
target_compile_options(fanin_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
  # The same source must give the same bits from every compiler: fused multiply-adds are written out, never invented.
  -ffp-contract=off -fno-math-errno)
if(FANIN_SANITIZE)
  target_compile_options(fanin_options INTERFACE -fsanitize=${FANIN_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(fanin_options INTERFACE -fsanitize=${FANIN_SANITIZE})
endif()

set_target_properties(fanin PROPERTIES POSITION_INDEPENDENT_CODE ON VERSION ${PROJECT_VERSION})
target_compile_features(fanin PUBLIC cxx_std_20)
target_include_directories(fanin
  PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(fanin
  PUBLIC Threads::Threads
  PRIVATE $<BUILD_INTERFACE:fanin_options> hwy::hwy fmt::fmt ZLIB::ZLIB PNG::PNG OpenSSL::Crypto
          $<BUILD_INTERFACE:nlohmann_json::nlohmann_json> $<BUILD_INTERFACE:tomlplusplus::tomlplusplus>)
target_compile_definitions(fanin PRIVATE
  FANIN_VERSION="${PROJECT_VERSION}"
  # x86 targets without a fused multiply-add of their own would only be slow twins of the portable path.
  "HWY_DISABLED_TARGETS=(HWY_SSSE3|HWY_SSE4|HWY_AVX3_DL)")
