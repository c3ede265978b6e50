// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev A payer that is a contract (EIP-1271) and accepts one signature, of three bytes, for every hash.
contract Wallet {
    function isValidSignature(bytes32, bytes calldata signature) external pure returns (bytes4) {
        return keccak256(signature) == keccak256("yes") ? this.isValidSignature.selector : bytes4(0);
    }
}
