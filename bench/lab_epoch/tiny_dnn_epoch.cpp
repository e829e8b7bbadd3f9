// One epoch of the lab's network in tiny-dnn, on one thread. Prints one JSON line: seconds of the epoch, test accuracy.
//
// usage: tiny_dnn_epoch MNIST_FOLDER, with the four files unpacked
#include <tiny_dnn/tiny_dnn.h>

#include <cstdio>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: tiny_dnn_epoch MNIST_FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  std::vector<tiny_dnn::label_t> labels, test_labels;
  std::vector<tiny_dnn::vec_t> images, test_images;
  tiny_dnn::parse_mnist_labels(folder + "train-labels-idx1-ubyte", &labels);
  tiny_dnn::parse_mnist_images(folder + "train-images-idx3-ubyte", &images, 0.0, 1.0, 0, 0);
  tiny_dnn::parse_mnist_labels(folder + "t10k-labels-idx1-ubyte", &test_labels);
  tiny_dnn::parse_mnist_images(folder + "t10k-images-idx3-ubyte", &test_images, 0.0, 1.0, 0, 0);
  tiny_dnn::network<tiny_dnn::sequential> net;
  using tiny_dnn::fully_connected_layer;
  net << fully_connected_layer<tiny_dnn::activation::relu>(784, 256)
      << fully_connected_layer<tiny_dnn::activation::relu>(256, 256)
      << fully_connected_layer<tiny_dnn::activation::softmax>(256, 10);
  tiny_dnn::adam adam;
  adam.alpha = 0.001F;
  tiny_dnn::timer clock;
  net.train<tiny_dnn::cross_entropy_multiclass>(
      adam, images, labels, 100, 1, [] {}, [] {}, false, 1);
  const double seconds = clock.elapsed();
  const tiny_dnn::result result = net.test(test_images, test_labels);
  std::printf("{\"seconds\": [%.3f], \"test_accuracy\": %.4f}\n", seconds, result.accuracy() / 100);
}
