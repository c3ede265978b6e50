// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentSettlement} from "../../src/interfaces/IPaymentSettlement.sol";

/// @dev A token that does one thing wrong. Balances and allowances are those of a token that works.
contract BadToken {
    enum Fault {
        None,
        AnswersNothing,
        AnswersFalse,
        Reverts,
        TakesAFee,
        MovesNothing,
        BurnsAllGas,
        AnswersTooMuch,
        RevertsWithTooMuch,
        Reenters,
        HidesBalances,
        HidesStates
    }

    Fault public fault;
    mapping(address => uint256) private _balances;

    function set(Fault fault_) external {
        fault = fault_;
    }

    function mint(address to, uint256 value) external {
        _balances[to] += value;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        _move(from, to, value);
        return true;
    }

    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        uint8,
        bytes32,
        bytes32
    ) external {
        _move(from, to, value);
    }

    function balanceOf(address account) external view returns (uint256) {
        if (fault == Fault.HidesBalances) revert("hidden");
        return _balances[account];
    }

    function authorizationState(address, bytes32) external view returns (bool) {
        if (fault == Fault.HidesStates) revert("hidden");
        return false;
    }

    function allowance(address, address) external pure returns (uint256) {
        return type(uint256).max;
    }

    function _move(address from, address to, uint256 value) private {
        if (fault == Fault.Reverts) revert("refused");
        if (fault == Fault.BurnsAllGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (fault == Fault.RevertsWithTooMuch) {
            assembly ("memory-safe") {
                revert(0, 60000)
            }
        }
        if (fault == Fault.Reenters) {
            IPaymentSettlement.PaymentIntent[] memory one = new IPaymentSettlement.PaymentIntent[](1);
            IPaymentSettlement(msg.sender).settleBatch("inner", "root", 0, 0, 0, one);
        }
        if (fault != Fault.MovesNothing) {
            _balances[from] -= value;
            _balances[to] += fault == Fault.TakesAFee ? value - 1 : value;
        }
        if (fault == Fault.AnswersTooMuch) {
            assembly ("memory-safe") {
                mstore(0, 1)
                return(0, 60000)
            }
        }
        if (fault == Fault.AnswersNothing || fault == Fault.AnswersFalse) {
            bool nothing = fault == Fault.AnswersNothing;
            assembly ("memory-safe") {
                mstore(0, 0)
                return(0, mul(32, iszero(nothing)))
            }
        }
    }
}
