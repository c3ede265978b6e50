// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PaymentSettlement} from "../../src/PaymentSettlement.sol";
import {IPaymentSettlement} from "../../src/interfaces/IPaymentSettlement.sol";
import {TestToken} from "../../src/token/TestToken.sol";
import {Test} from "./Test.sol";

/// @dev A settlement contract with one token, the test being its settler, and ways to make payments for it.
abstract contract SettlementTest is Test {
    bytes32 internal constant TRANSFER_TYPE = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant ROOT = keccak256("root");
    bytes32 internal constant KEY = keccak256("key");
    address internal constant ADMIN = address(0xA);
    address internal constant STRANGER = address(0xBAD);
    uint256 internal constant MAX = 1e12;
    uint256 internal constant START = 1_700_000_000;

    PaymentSettlement internal settlement;
    TestToken internal token;

    function _setUp() internal {
        vm.warp(START);
        settlement = new PaymentSettlement(1 days, ADMIN, address(this));
        token = new TestToken("TestUSD", "TUSD", 6, address(this));
        _configure(address(token), true, 10, MAX, type(uint128).max);
    }

    function _configure(address asset, bool enabled, uint256 low, uint256 high, uint256 daily) internal {
        vm.prank(ADMIN);
        settlement.configureAsset(asset, enabled, low, high, daily);
    }

    /// @dev A payer with money and an allowance, by number.
    function _payer(uint256 n) internal returns (address payer) {
        payer = vm.addr(1000 + n);
        token.mint(payer, MAX);
        vm.prank(payer);
        token.approve(address(settlement), MAX);
    }

    function _intent(uint256 n, address payer, uint256 amount)
        internal
        view
        returns (IPaymentSettlement.PaymentIntent memory)
    {
        return IPaymentSettlement.PaymentIntent({
            intentId: _id(n),
            payer: payer,
            payee: address(uint160(0x10000 + n)),
            amount: amount,
            token: address(token),
            nonce: uint64(n),
            validUntil: uint64(block.timestamp + 60),
            signingHash: keccak256(abi.encode(n))
        });
    }

    function _authorization(uint256 n, address to, uint256 value)
        internal
        view
        returns (IPaymentSettlement.Authorization memory item)
    {
        item = IPaymentSettlement.Authorization({
            intentId: _id(n),
            from: vm.addr(1000 + n),
            to: to,
            value: value,
            token: address(token),
            validAfter: 0,
            validBefore: block.timestamp + 60,
            nonce: keccak256(abi.encode("nonce", n)),
            signature: ""
        });
        item.signature = _signed(1000 + n, item);
    }

    function _signed(uint256 privateKey, IPaymentSettlement.Authorization memory item)
        internal
        view
        returns (bytes memory)
    {
        bytes32 message = keccak256(
            abi.encode(
                TRANSFER_TYPE, item.from, item.to, item.value, item.validAfter, item.validBefore, item.nonce
            )
        );
        bytes32 digest = keccak256(bytes.concat(hex"1901", token.DOMAIN_SEPARATOR(), message));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        return bytes.concat(r, s, bytes1(v));
    }

    function _settle(bytes32 batchId, IPaymentSettlement.PaymentIntent memory one) internal {
        IPaymentSettlement.PaymentIntent[] memory many = new IPaymentSettlement.PaymentIntent[](1);
        many[0] = one;
        settlement.settleBatch(batchId, ROOT, KEY, 1, 1, many);
    }

    function _settle(bytes32 batchId, IPaymentSettlement.Authorization memory one) internal {
        IPaymentSettlement.Authorization[] memory many = new IPaymentSettlement.Authorization[](1);
        many[0] = one;
        settlement.settleAuthorizations(batchId, ROOT, KEY, 1, 1, many);
    }

    function _expectFailed(bytes32 batchId, bytes32 intentId, address payer, string memory reason) internal {
        vm.expectEmit(address(settlement));
        emit IPaymentSettlement.PaymentFailed(batchId, intentId, payer, reason);
    }

    function _id(uint256 n) internal pure returns (bytes32) {
        return bytes32(bytes16(keccak256(abi.encode("intent", n))));
    }

    function _batch(uint256 n) internal pure returns (bytes32) {
        return bytes32(bytes16(keccak256(abi.encode("batch", n))));
    }
}
