// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the chain worker sends to the settlement contract and reads back from its logs.
/// @notice Ids of intents and batches are UUID words (16 bytes of UUID, 16 of zero) or, for a part of a batch,
/// keccak256(batch word || part number as a word).
interface IPaymentSettlement {
    /// @param amount in the token's smallest unit
    /// @param nonce used once per payer, over all tenants
    /// @param validUntil unix seconds; the payment is still good in a block of that time
    /// @param signingHash the hash that the payer signed off chain (x402 A4); not verified here
    struct PaymentIntent {
        bytes32 intentId;
        address payer;
        address payee;
        uint256 amount;
        address token;
        uint64 nonce;
        uint64 validUntil;
        bytes32 signingHash;
    }

    /// @notice An EIP-3009 authorization (x402 B2) and the id under which it was sequenced.
    /// @param signature 65 bytes r, s, v; any other length goes to the token as it is, for payers that are contracts
    struct Authorization {
        bytes32 intentId;
        address from;
        address to;
        uint256 value;
        address token;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
        bytes signature;
    }

    event BatchSubmitted(
        bytes32 indexed batchId,
        bytes32 merkleRoot,
        uint32 paymentCount,
        uint256 totalAmount,
        address indexed token
    );
    event PaymentSettled(
        bytes32 indexed batchId,
        bytes32 indexed intentId,
        address indexed payer,
        address payee,
        uint256 amount,
        address token
    );
    event PaymentFailed(
        bytes32 indexed batchId, bytes32 indexed intentId, address indexed payer, string reason
    );
    event BatchSettled(bytes32 indexed batchId, uint32 paymentsSettled, uint256 totalAmount, uint256 gasUsed);
    /// @notice The same call was made before; this one changed nothing. The outcomes are in the logs of the first.
    event BatchRepeated(bytes32 indexed batchId);
    event AssetConfigured(
        address indexed token, bool enabled, uint256 minAmount, uint256 maxAmount, uint256 dailyLimit
    );

    error EmptyBatch();
    error InvalidBatchId();
    error InvalidMerkleRoot();
    /// @notice The id was used for other content.
    error BatchAlreadySettled();
    /// @notice Too little gas is left to tell a payment that fails from one that runs out of gas.
    error InsufficientGas();
    error InvalidAsset(address token);
    error OnlySelf();
    error TransferRefused();

    /// @notice Moves each payment from payer to payee out of the allowance that the payer gave this contract. A payment that
    /// cannot be made emits PaymentFailed and leaves the others alone.
    /// @param merkleRoot root of the receipts of the whole batch (x402 A9)
    /// @param tenantStoreKey keccak256(tenant word || store word)
    function settleBatch(
        bytes32 batchId,
        bytes32 merkleRoot,
        bytes32 tenantStoreKey,
        uint64 sequenceStart,
        uint64 sequenceEnd,
        PaymentIntent[] calldata payments
    ) external;

    /// @notice The same for EIP-3009 authorizations, which the token itself verifies.
    function settleAuthorizations(
        bytes32 batchId,
        bytes32 merkleRoot,
        bytes32 tenantStoreKey,
        uint64 sequenceStart,
        uint64 sequenceEnd,
        Authorization[] calldata authorizations
    ) external;

    function isIntentSettled(bytes32 intentId) external view returns (bool);

    function isNonceUsed(address payer, uint64 nonce) external view returns (bool);

    /// @return the batch in which the intent was settled, 0 when it was not
    function settledIn(bytes32 intentId) external view returns (bytes32);
}
