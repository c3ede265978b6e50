// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {IPaymentSettlement} from "./interfaces/IPaymentSettlement.sol";
import {ITransferWithAuthorization} from "./interfaces/ITransferWithAuthorization.sol";
import {PaymentTree} from "./libraries/PaymentTree.sol";

/// @title Settlement of payment intents in batches.
/// @notice `settleBatch`, its reads and its events are those of SetPaymentBatch (chain 4). An intent is settled once whatever
/// batches it is offered in, and a batch once whatever number of times it is sent.
/// @dev Each payment runs in a call of its own to this contract, with a fixed share of gas: what a token does wrong undoes
/// that one payment. A payment counts as made when the payee's balance has grown by exactly the amount.
contract PaymentSettlement is
    IPaymentSettlement,
    AccessControlDefaultAdminRules,
    Pausable,
    ReentrancyGuardTransient
{
    using BitMaps for BitMaps.BitMap;
    using SafeERC20 for IERC20;

    bytes32 public constant SETTLER_ROLE = keccak256("SETTLER_ROLE");
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @notice Gas that one payment may use: several times what a token needs, and enough for a contract wallet's signature.
    uint256 public constant GAS_PER_PAYMENT = 400_000;

    /// @notice Gas for finding out why a payment failed.
    uint256 public constant GAS_PER_REASON = 100_000;

    /// @dev A call keeps a 64th of the gas back, and the logs of a failed payment need some.
    uint256 private constant GAS_RESERVED = (GAS_PER_PAYMENT + GAS_PER_REASON) * 64 / 63 + 20_000;

    uint256 private constant DAY = 1 days;

    enum Outcome {
        Settled,
        AlreadySettled,
        Expired,
        NotYetValid,
        NonceUsed,
        OtherToken,
        AssetNotEnabled,
        BelowMinimum,
        AboveMaximum,
        DailyLimit,
        Balance,
        Allowance,
        TransferFailed
    }

    struct Batch {
        bytes32 merkleRoot;
        bytes32 tenantStoreKey;
        uint128 totalAmount;
        uint64 sequenceStart;
        uint64 sequenceEnd;
        address token;
        uint64 settledAt;
        uint32 paymentCount;
        bytes32 contentHash;
    }

    /// @param lastDayReset when the current window of `dailyLimit` began, unix seconds
    struct Asset {
        bool enabled;
        uint64 lastDayReset;
        uint128 minAmount;
        uint128 maxAmount;
        uint128 dailyLimit;
        uint128 dailyVolume;
    }

    /// @inheritdoc IPaymentSettlement
    mapping(bytes32 intentId => bytes32 batchId) public settledIn;

    mapping(bytes32 batchId => Batch) private _batches;
    mapping(address payer => BitMaps.BitMap) private _nonces;
    mapping(address token => Asset) private _assets;

    modifier onlySelf() {
        if (msg.sender != address(this)) revert OnlySelf();
        _;
    }

    /// @param adminDelay seconds between announcing and accepting a new owner
    /// @param admin the owner, who manages roles and assets and may pause
    /// @param settler the first account that may settle
    constructor(uint48 adminDelay, address admin, address settler)
        AccessControlDefaultAdminRules(adminDelay, admin)
    {
        _grantRole(SETTLER_ROLE, settler);
        _grantRole(PAUSER_ROLE, admin);
    }

    /// @inheritdoc IPaymentSettlement
    function settleBatch(
        bytes32 batchId,
        bytes32 merkleRoot,
        bytes32 tenantStoreKey,
        uint64 sequenceStart,
        uint64 sequenceEnd,
        PaymentIntent[] calldata payments
    ) external onlyRole(SETTLER_ROLE) whenNotPaused nonReentrant {
        if (!_isNew(batchId, merkleRoot, payments.length)) return;
        Batch memory batch = _settleIntents(batchId, payments);
        (batch.merkleRoot, batch.tenantStoreKey) = (merkleRoot, tenantStoreKey);
        (batch.sequenceStart, batch.sequenceEnd) = (sequenceStart, sequenceEnd);
        _close(batchId, batch, payments.length);
    }

    /// @inheritdoc IPaymentSettlement
    function settleAuthorizations(
        bytes32 batchId,
        bytes32 merkleRoot,
        bytes32 tenantStoreKey,
        uint64 sequenceStart,
        uint64 sequenceEnd,
        Authorization[] calldata authorizations
    ) external onlyRole(SETTLER_ROLE) whenNotPaused nonReentrant {
        if (!_isNew(batchId, merkleRoot, authorizations.length)) {
            return;
        }
        Batch memory batch = _settleAuthorizations(batchId, authorizations);
        (batch.merkleRoot, batch.tenantStoreKey) = (merkleRoot, tenantStoreKey);
        (batch.sequenceStart, batch.sequenceEnd) = (sequenceStart, sequenceEnd);
        _close(batchId, batch, authorizations.length);
    }

    /// @notice Makes one payment of `settleBatch`; only this contract may call it. Reverts when the token refuses or moves
    /// another amount, which undoes the marks and the transfer.
    function pay(bytes32 batchId, address token, PaymentIntent calldata item) external onlySelf {
        settledIn[item.intentId] = batchId;
        _nonces[item.payer].set(item.nonce);
        uint256 before = IERC20(token).balanceOf(item.payee);
        IERC20(token).safeTransferFrom(item.payer, item.payee, item.amount);
        if (IERC20(token).balanceOf(item.payee) != before + item.amount) revert TransferRefused();
    }

    /// @notice Makes one payment of `settleAuthorizations`, as `pay` does.
    function payAuthorized(bytes32 batchId, address token, Authorization calldata item) external onlySelf {
        settledIn[item.intentId] = batchId;
        uint256 before = IERC20(token).balanceOf(item.to);
        _transferWithAuthorization(token, item);
        if (IERC20(token).balanceOf(item.to) != before + item.value) revert TransferRefused();
    }

    /// @notice Allows or forbids a token and bounds what is paid in it. Volume counted so far in the current day is kept.
    /// @param minAmount of one payment, at least 1
    /// @param dailyLimit on all payments in the token; the day begins with the first payment after the one before has ended
    function configureAsset(
        address token,
        bool enabled,
        uint256 minAmount,
        uint256 maxAmount,
        uint256 dailyLimit
    ) external onlyRole(DEFAULT_ADMIN_ROLE) nonReentrant {
        if (
            token.code.length == 0 || minAmount == 0 || maxAmount < minAmount
                || dailyLimit > type(uint128).max || maxAmount > type(uint128).max
        ) revert InvalidAsset(token);
        Asset storage asset = _assets[token];
        asset.enabled = enabled;
        // All three were compared with the largest uint128 above.
        // forge-lint: disable-start(unsafe-typecast)
        asset.minAmount = uint128(minAmount);
        asset.maxAmount = uint128(maxAmount);
        asset.dailyLimit = uint128(dailyLimit);
        // forge-lint: disable-end(unsafe-typecast)
        emit AssetConfigured(token, enabled, minAmount, maxAmount, dailyLimit);
    }

    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    /// @notice What is stored about a batch; all zero for an unknown id. Amount and count are of what was settled.
    function getBatch(bytes32 batchId)
        external
        view
        returns (
            bytes32 merkleRoot,
            bytes32 tenantStoreKey,
            uint128 totalAmount,
            uint64 sequenceStart,
            uint64 sequenceEnd,
            address token,
            uint64 settledAt,
            uint32 paymentCount
        )
    {
        Batch storage batch = _batches[batchId];
        return (
            batch.merkleRoot,
            batch.tenantStoreKey,
            batch.totalAmount,
            batch.sequenceStart,
            batch.sequenceEnd,
            batch.token,
            batch.settledAt,
            batch.paymentCount
        );
    }

    /// @notice Why `pay` did not succeed, as far as the token tells.
    function reasonOf(address token, PaymentIntent calldata item) external view returns (Outcome) {
        if (IERC20(token).balanceOf(item.payer) < item.amount) return Outcome.Balance;
        if (IERC20(token).allowance(item.payer, address(this)) < item.amount) return Outcome.Allowance;
        return Outcome.TransferFailed;
    }

    /// @notice Why `payAuthorized` did not succeed, as far as the token tells.
    function reasonOfAuthorized(address token, Authorization calldata item) external view returns (Outcome) {
        if (ITransferWithAuthorization(token).authorizationState(item.from, item.nonce)) {
            return Outcome.NonceUsed;
        }
        return IERC20(token).balanceOf(item.from) < item.value ? Outcome.Balance : Outcome.TransferFailed;
    }

    function getAssetConfig(address token)
        external
        view
        returns (
            bool enabled,
            uint128 minAmount,
            uint128 maxAmount,
            uint128 dailyLimit,
            uint128 dailyVolume,
            uint64 lastDayReset
        )
    {
        Asset storage asset = _assets[token];
        return (
            asset.enabled,
            asset.minAmount,
            asset.maxAmount,
            asset.dailyLimit,
            asset.dailyVolume,
            asset.lastDayReset
        );
    }

    /// @inheritdoc IPaymentSettlement
    function isIntentSettled(bytes32 intentId) external view returns (bool) {
        return settledIn[intentId] != 0;
    }

    /// @inheritdoc IPaymentSettlement
    function isNonceUsed(address payer, uint64 nonce) external view returns (bool) {
        return _nonces[payer].get(nonce);
    }

    /// @notice Whether a receipt (x402 A12) belongs to a settled batch: the leaf is computed from the receipt's fields.
    /// @param index the receipt's `leaf_index`
    /// @param count the receipt's `total_leaves`
    function verifyReceipt(
        bytes32 batchId,
        PaymentTree.Receipt calldata receipt,
        bytes32[] calldata proof,
        uint64 index,
        uint64 count
    ) external view returns (bool) {
        if (receipt.payerSignature.length != 64) return false;
        return verifyInclusion(batchId, PaymentTree.leaf(receipt), proof, index, count);
    }

    /// @notice Whether a leaf belongs to a settled batch.
    /// @dev Leaves and nodes have no tags (x402 A9): trust the answer only for a leaf that you computed from its fields.
    function verifyInclusion(
        bytes32 batchId,
        bytes32 leaf,
        bytes32[] calldata proof,
        uint64 index,
        uint64 count
    ) public view returns (bool) {
        Batch storage batch = _batches[batchId];
        return batch.settledAt != 0 && PaymentTree.includes(batch.merkleRoot, leaf, proof, index, count);
    }

    function _settleIntents(bytes32 batchId, PaymentIntent[] calldata payments)
        private
        returns (Batch memory batch)
    {
        batch.token = payments[0].token;
        Asset memory asset = _today(batch.token);
        for (uint256 i = 0; i < payments.length; ++i) {
            PaymentIntent calldata item = payments[i];
            Outcome outcome = _refusal(asset, batch.token, item);
            if (outcome == Outcome.Settled) outcome = _tryToPay(batchId, batch.token, item);
            if (outcome == Outcome.Settled) {
                _add(batch, asset, item.amount);
                emit PaymentSettled(batchId, item.intentId, item.payer, item.payee, item.amount, batch.token);
            } else {
                emit PaymentFailed(batchId, item.intentId, item.payer, _text(outcome));
            }
        }
        if (batch.paymentCount != 0) _assets[batch.token] = asset;
    }

    function _tryToPay(bytes32 batchId, address token, PaymentIntent calldata item)
        private
        returns (Outcome)
    {
        if (gasleft() < GAS_RESERVED) revert InsufficientGas();
        try this.pay{gas: GAS_PER_PAYMENT}(batchId, token, item) {
            return Outcome.Settled;
        } catch {}
        try this.reasonOf{gas: GAS_PER_REASON}(token, item) returns (Outcome outcome) {
            return outcome;
        } catch {
            return Outcome.TransferFailed;
        }
    }

    function _settleAuthorizations(bytes32 batchId, Authorization[] calldata authorizations)
        private
        returns (Batch memory batch)
    {
        batch.token = authorizations[0].token;
        Asset memory asset = _today(batch.token);
        for (uint256 i = 0; i < authorizations.length; ++i) {
            Authorization calldata item = authorizations[i];
            Outcome outcome = _refusalAuthorized(asset, batch.token, item);
            if (outcome == Outcome.Settled) outcome = _tryToPayAuthorized(batchId, batch.token, item);
            if (outcome == Outcome.Settled) {
                _add(batch, asset, item.value);
                emit PaymentSettled(batchId, item.intentId, item.from, item.to, item.value, batch.token);
            } else {
                emit PaymentFailed(batchId, item.intentId, item.from, _text(outcome));
            }
        }
        if (batch.paymentCount != 0) _assets[batch.token] = asset;
    }

    function _tryToPayAuthorized(bytes32 batchId, address token, Authorization calldata item)
        private
        returns (Outcome)
    {
        if (gasleft() < GAS_RESERVED) revert InsufficientGas();
        try this.payAuthorized{gas: GAS_PER_PAYMENT}(batchId, token, item) {
            return Outcome.Settled;
        } catch {}
        try this.reasonOfAuthorized{gas: GAS_PER_REASON}(token, item) returns (Outcome outcome) {
            return outcome;
        } catch {
            return Outcome.TransferFailed;
        }
    }

    function _close(bytes32 batchId, Batch memory batch, uint256 offered) private {
        batch.settledAt = uint64(block.timestamp);
        batch.contentHash = keccak256(msg.data);
        _batches[batchId] = batch;
        // A transaction has no room for 2^32 payments.
        // forge-lint: disable-next-line(unsafe-typecast)
        emit BatchSubmitted(batchId, batch.merkleRoot, uint32(offered), batch.totalAmount, batch.token);
        emit BatchSettled(batchId, batch.paymentCount, batch.totalAmount, 0);
    }

    /// @dev False, with BatchRepeated, when this very call was made before.
    function _isNew(bytes32 batchId, bytes32 merkleRoot, uint256 count) private returns (bool) {
        if (count == 0) revert EmptyBatch();
        if (batchId == 0) revert InvalidBatchId();
        if (merkleRoot == 0) revert InvalidMerkleRoot();
        Batch storage batch = _batches[batchId];
        if (batch.settledAt == 0) return true;
        if (batch.contentHash != keccak256(msg.data)) revert BatchAlreadySettled();
        emit BatchRepeated(batchId);
        return false;
    }

    /// @dev Tokens older than the overload with `bytes` know only the three parts, so those go first where they fit.
    function _transferWithAuthorization(address token, Authorization calldata item) private {
        if (item.signature.length == 65) {
            ITransferWithAuthorization(token)
                .transferWithAuthorization(
                    item.from,
                    item.to,
                    item.value,
                    item.validAfter,
                    item.validBefore,
                    item.nonce,
                    uint8(item.signature[64]),
                    bytes32(item.signature[:32]),
                    bytes32(item.signature[32:64])
                );
        } else {
            ITransferWithAuthorization(token)
                .transferWithAuthorization(
                    item.from,
                    item.to,
                    item.value,
                    item.validAfter,
                    item.validBefore,
                    item.nonce,
                    item.signature
                );
        }
    }

    /// @dev The asset with a new window of its daily limit when the last one has ended.
    function _today(address token) private view returns (Asset memory asset) {
        asset = _assets[token];
        if (asset.enabled && block.timestamp >= asset.lastDayReset + DAY) {
            (asset.lastDayReset, asset.dailyVolume) = (uint64(block.timestamp), 0);
        }
    }

    /// @dev Settled when nothing that this contract knows is against the payment.
    function _refusal(Asset memory asset, address token, PaymentIntent calldata item)
        private
        view
        returns (Outcome)
    {
        if (settledIn[item.intentId] != 0) return Outcome.AlreadySettled;
        if (block.timestamp > item.validUntil) return Outcome.Expired;
        if (_nonces[item.payer].get(item.nonce)) return Outcome.NonceUsed;
        if (item.token != token) return Outcome.OtherToken;
        return _withinLimits(asset, item.amount);
    }

    function _refusalAuthorized(Asset memory asset, address token, Authorization calldata item)
        private
        view
        returns (Outcome)
    {
        if (settledIn[item.intentId] != 0) return Outcome.AlreadySettled;
        if (block.timestamp >= item.validBefore) return Outcome.Expired;
        if (block.timestamp <= item.validAfter) return Outcome.NotYetValid;
        if (item.token != token) return Outcome.OtherToken;
        return _withinLimits(asset, item.value);
    }

    function _withinLimits(Asset memory asset, uint256 amount) private pure returns (Outcome) {
        if (!asset.enabled) return Outcome.AssetNotEnabled;
        if (amount < asset.minAmount) return Outcome.BelowMinimum;
        if (amount > asset.maxAmount) return Outcome.AboveMaximum;
        return asset.dailyVolume + amount > asset.dailyLimit ? Outcome.DailyLimit : Outcome.Settled;
    }

    /// @dev `_withinLimits` has seen that the sums are at most the token's daily limit, which has 128 bits.
    function _add(Batch memory batch, Asset memory asset, uint256 amount) private pure {
        // forge-lint: disable-next-line(unsafe-typecast)
        uint128 value = uint128(amount);
        ++batch.paymentCount;
        batch.totalAmount += value;
        asset.dailyVolume += value;
    }

    /// @dev The texts of SetPaymentBatch, and two that it does not have.
    function _text(Outcome outcome) private pure returns (string memory) {
        if (outcome == Outcome.AlreadySettled) return "Already settled";
        if (outcome == Outcome.Expired) return "Payment expired";
        if (outcome == Outcome.NotYetValid) return "Payment not yet valid";
        if (outcome == Outcome.NonceUsed) return "Nonce already used";
        if (outcome == Outcome.OtherToken) return "Token differs from the batch";
        if (outcome == Outcome.AssetNotEnabled) return "Asset not enabled";
        if (outcome == Outcome.BelowMinimum) return "Amount below minimum";
        if (outcome == Outcome.AboveMaximum) return "Amount above maximum";
        if (outcome == Outcome.DailyLimit) return "Daily limit exceeded";
        if (outcome == Outcome.Balance) return "Insufficient balance";
        if (outcome == Outcome.Allowance) return "Insufficient allowance";
        return "Transfer failed";
    }
}
