// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The tree over the events of one commitment (VES 9): tagged SHA-256, padded on the right to a power of two.
library VesTree {
    /// @notice The leaf of one event (VES 9.1).
    /// @param tenantId UUID word; its first 16 bytes are hashed
    /// @param storeId UUID word; its first 16 bytes are hashed
    /// @param signature the agent's Ed25519 signature, 64 bytes (checked by the caller)
    function leaf(
        bytes32 tenantId,
        bytes32 storeId,
        uint64 sequenceNumber,
        bytes32 signingHash,
        bytes calldata signature
    ) internal pure returns (bytes32) {
        // The cut is what a UUID word means: 16 bytes of UUID before 16 of zero.
        // forge-lint: disable-start(unsafe-typecast)
        return sha256(
            abi.encodePacked(
                "VES_LEAF_V1", bytes16(tenantId), bytes16(storeId), sequenceNumber, signingHash, signature
            )
        );
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @notice Whether `proof` leads from `leafHash` at `index` to `root` in a tree of `count` leaves (VES 9.3). The length
    /// of the proof must be the depth of that tree, so an inner node cannot pass for a leaf.
    function includes(bytes32 root, bytes32 leafHash, bytes32[] calldata proof, uint256 index, uint256 count)
        internal
        pure
        returns (bool)
    {
        if (index >= count || proof.length != Math.log2(count, Math.Rounding.Ceil)) return false;
        bytes32 current = leafHash;
        for (uint256 level = 0; level < proof.length; ++level) {
            (bytes32 left, bytes32 right) =
                (index >> level) & 1 == 0 ? (current, proof[level]) : (proof[level], current);
            current = sha256(abi.encodePacked("VES_NODE_V1", left, right));
        }
        return current == root;
    }
}
