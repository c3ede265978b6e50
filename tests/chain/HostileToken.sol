// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev A token that checks no signature and does one thing wrong.
contract HostileToken {
    enum Fault {
        None,
        TakesAFee,
        MovesNothing,
        SaysUsed,
        SaysUnused,
        RevertsWithTooMuch
    }

    // Slot 0, which a test writes while a transaction waits.
    address public blocked;
    Fault public fault;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(bytes32 => bool)) private _used;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);

    function set(Fault fault_) external {
        fault = fault_;
    }

    function mint(address to, uint256 value) external {
        balanceOf[to] += value;
    }

    function approve(address, uint256) external pure returns (bool) {
        return true;
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
        bytes32 nonce,
        uint8,
        bytes32,
        bytes32
    ) external {
        require(!_used[from][nonce], "used");
        _used[from][nonce] = true;
        emit AuthorizationUsed(from, nonce);
        _move(from, to, value);
    }

    function authorizationState(address from, bytes32 nonce) external view returns (bool) {
        if (fault == Fault.RevertsWithTooMuch) {
            assembly ("memory-safe") {
                revert(0, 100000)
            }
        }
        return fault == Fault.SaysUsed || (fault != Fault.SaysUnused && _used[from][nonce]);
    }

    function allowance(address, address) external pure returns (uint256) {
        return type(uint256).max;
    }

    function decimals() external pure returns (uint8) {
        return 6;
    }

    function _move(address from, address to, uint256 value) private {
        require(to != blocked, "blocked");
        emit Transfer(from, to, value);
        if (fault == Fault.MovesNothing) return;
        balanceOf[from] -= value;
        balanceOf[to] += fault == Fault.TakesAFee ? value - 1 : value;
    }
}
