// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Both trees built whole and slowly, from the pages VES 9.2 and x402 A9 and from no code under test.
library SlowTrees {
    function vesNode(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(bytes.concat("VES_NODE_V1", left, right));
    }

    function paddedRootAndProof(bytes32[] memory leaves, uint256 index)
        internal
        pure
        returns (bytes32 root, bytes32[] memory proof)
    {
        uint256 width = 1;
        uint256 depth = 0;
        while (width < leaves.length) (width, depth) = (width * 2, depth + 1);
        bytes32[] memory level = new bytes32[](width);
        for (uint256 i = 0; i < width; ++i) {
            level[i] = i < leaves.length ? leaves[i] : sha256("VES_PAD_LEAF_V1");
        }
        proof = new bytes32[](depth);
        for (uint256 step = 0; width > 1; ++step) {
            proof[step] = level[index ^ 1];
            for (uint256 i = 0; i < width / 2; ++i) {
                level[i] = vesNode(level[2 * i], level[2 * i + 1]);
            }
            (index, width) = (index / 2, width / 2);
        }
        root = level[0];
    }

    function promotedRootAndProof(bytes32[] memory leaves, uint256 index)
        internal
        pure
        returns (bytes32 root, bytes32[] memory proof)
    {
        bytes32[] memory level = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            level[i] = leaves[i];
        }
        bytes32[] memory path = new bytes32[](64);
        uint256 length = 0;
        for (uint256 width = leaves.length; width > 1; width = (width + 1) / 2) {
            if ((index ^ 1) < width) path[length++] = level[index ^ 1];
            for (uint256 i = 0; i < (width + 1) / 2; ++i) {
                level[i] =
                    2 * i + 1 < width ? sha256(bytes.concat(level[2 * i], level[2 * i + 1])) : level[2 * i];
            }
            index /= 2;
        }
        root = level[0];
        proof = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) {
            proof[i] = path[i];
        }
    }
}
