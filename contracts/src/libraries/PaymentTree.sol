// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The tree over the intents of one payment batch (x402 A9): untagged SHA-256; a node without a right sibling moves
/// up unchanged.
library PaymentTree {
    /// @notice The fields of a payment receipt that are hashed, as the receipt spells them (x402 A9, A12).
    /// @param intentId UUID word
    /// @param payer the address as the client wrote it: prefix and letter case count
    /// @param payerSignature Ed25519, 64 bytes
    struct Receipt {
        bytes32 intentId;
        uint64 sequenceNumber;
        string payer;
        string payee;
        uint64 amount;
        string asset;
        string network;
        uint64 chainId;
        uint64 nonce;
        uint64 validUntil;
        bytes32 signingHash;
        bytes payerSignature;
    }

    /// @notice The leaf of one intent. Its preimage is longer than the 64 bytes of a node's, so the two cannot be confused.
    function leaf(Receipt calldata receipt) internal pure returns (bytes32) {
        // The cut is what a UUID word means: 16 bytes of UUID before 16 of zero.
        // forge-lint: disable-next-item(unsafe-typecast)
        bytes memory parties = abi.encodePacked(
            bytes16(receipt.intentId), receipt.sequenceNumber, receipt.payer, receipt.payee, receipt.amount
        );
        return sha256(
            abi.encodePacked(
                parties,
                receipt.asset,
                receipt.network,
                receipt.chainId,
                receipt.nonce,
                receipt.validUntil,
                receipt.signingHash,
                receipt.payerSignature
            )
        );
    }

    /// @notice Whether `proof` leads from `leafHash` at `index` to `root` in a tree of `count` leaves. A proof that is too
    /// short or has elements left over is refused.
    function includes(bytes32 root, bytes32 leafHash, bytes32[] calldata proof, uint64 index, uint64 count)
        internal
        pure
        returns (bool)
    {
        if (index >= count) return false;
        bytes32 current = leafHash;
        uint256 used = 0;
        while (count > 1) {
            if ((index ^ 1) < count) {
                if (used == proof.length) return false;
                bytes32 sibling = proof[used++];
                current = index & 1 == 0
                    ? sha256(abi.encodePacked(current, sibling))
                    : sha256(abi.encodePacked(sibling, current));
            }
            index >>= 1;
            count = (count >> 1) + (count & 1);
        }
        return used == proof.length && current == root;
    }
}
