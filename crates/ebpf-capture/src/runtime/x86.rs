//! Where in a function of x86-64 a probe costs least, and what the function calls.
//!
//! A uprobe replaces an instruction by a trap. The kernel then either emulates the displaced instruction (about 1 µs) or
//! single-steps a copy of it, which costs a second exception (10 to 20 times as much). Linux emulates `push`, `nop`,
//! `jmp`, `jcc` and `call` (`arch/x86/kernel/uprobes.c`: `branch_setup_xol_ops`, `push_setup_xol_ops`).

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, OpAccess, OpKind, Register,
};

/// Instructions from a function's start among which a place for the probe is looked for.
const MAX_LEADING: usize = 8;
/// Instructions from a function's start on the way to the call of its inner function.
const MAX_STRAIGHT: usize = 32;

/// The registers that hold the first six arguments.
const ARGUMENTS: [Register; 6] =
    [Register::RDI, Register::RSI, Register::RDX, Register::RCX, Register::R8, Register::R9];

fn instructions(code: &[u8], address: u64) -> impl Iterator<Item = Instruction> {
    let mut decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
    std::iter::from_fn(move || if decoder.can_decode() { Some(decoder.decode()) } else { None })
}

/// Whether Linux emulates this instruction under a uprobe, by its bytes: the kernel looks at them in the same way.
fn is_emulated(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x50..=0x57 | 0x90]
            | [0x41, 0x50..=0x57]
            | [0x70..=0x7f | 0xeb, _]
            | [0xe8 | 0xe9, _, _, _, _]
            | [0x0f, 0x80..=0x8f, _, _, _, _]
    )
}

fn bytes_of<'c>(instruction: &Instruction, code: &'c [u8], address: u64) -> &'c [u8] {
    let start = usize::try_from(instruction.ip().wrapping_sub(address)).unwrap_or(usize::MAX);
    code.get(start..start.saturating_add(instruction.len())).unwrap_or_default()
}

/// How far into the function the first emulated instruction lies at which all arguments and the return address are
/// still where the caller put them. `None`: there is none, the first byte it is.
pub(crate) fn emulated_place(code: &[u8], address: u64) -> Option<u64> {
    let mut factory = InstructionInfoFactory::new();
    for instruction in instructions(code, address).take(MAX_LEADING) {
        if instruction.is_invalid() {
            return None;
        }
        if is_emulated(bytes_of(&instruction, code, address)) {
            let distance = instruction.ip().wrapping_sub(address);
            return (distance == 0 || !is_jumped_to(code, address, distance)).then_some(distance);
        }
        if instruction.flow_control() != FlowControl::Next || instruction.is_stack_instruction() {
            return None;
        }
        let info = factory.info(&instruction);
        let spoils = info.used_registers().iter().any(|used| {
            let register = used.register().full_register();
            is_written(used.access()) && (ARGUMENTS.contains(&register) || register == Register::RSP)
        });
        // A store could go to the return address or to what an argument points to only by intent, but why look.
        let stores = info.used_memory().iter().any(|used| is_written(used.access()));
        if spoils || stores {
            return None;
        }
    }
    None
}

/// Whether a jump in the function goes back to within its first bytes: a probe there would fire more than once a call.
fn is_jumped_to(code: &[u8], address: u64, distance: u64) -> bool {
    jumps(code, address).any(|target| target.wrapping_sub(address).wrapping_sub(1) < distance)
}

fn jumps(code: &[u8], address: u64) -> impl Iterator<Item = u64> {
    instructions(code, address).filter_map(|instruction| match instruction.flow_control() {
        FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => near_target(&instruction),
        _ => None,
    })
}

fn near_target(instruction: &Instruction) -> Option<u64> {
    (instruction.op_count() == 1 && instruction.op0_kind() == OpKind::NearBranch64)
        .then(|| instruction.near_branch_target())
}

fn is_written(access: OpAccess) -> bool {
    !matches!(access, OpAccess::None | OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess)
}

/// How far into a function of Go the jump lies that follows the comparison of the stack pointer with the goroutine's
/// limit: `cmp 0x10(%r14),%rsp` or, for big frames, `lea -n(%rsp),%r12; cmp 0x10(%r14),%r12`. The arguments are still
/// in their registers there. `None`: the function doesn't begin so.
pub(crate) fn after_stack_check(code: &[u8], address: u64) -> Option<u64> {
    let mut start = instructions(code, address);
    let mut next = start.next()?;
    if next.code() == Code::Lea_r64_m && next.op0_register() == Register::R12 && next.memory_base() == Register::RSP {
        next = start.next()?;
    }
    let compares = matches!(next.code(), Code::Cmp_r64_rm64)
        && matches!(next.op0_register(), Register::RSP | Register::R12)
        && next.memory_base() == Register::R14
        && next.memory_displacement64() == 0x10;
    let jump = start.next()?;
    let is_jump = compares && jump.flow_control() == FlowControl::ConditionalBranch;
    (is_jump && is_emulated(bytes_of(&jump, code, address))).then(|| jump.ip().wrapping_sub(address))
}

/// Whether a function of Go stores its first two arguments (AX, BX) at its beginning where its caller has room for them, above the
/// return address, and leaves them there. The stack pointer of such a function stays where its beginning has put it.
pub(crate) fn spills_arguments(code: &[u8], address: u64) -> bool {
    // Bytes between the stack pointer and the return address.
    let mut frame = 0;
    let mut stored = [None; 2];
    for instruction in instructions(code, address).take(MAX_STRAIGHT) {
        let place = instruction.memory_displacement64();
        match instruction.code() {
            Code::Push_r64 => frame += 8,
            Code::Sub_rm64_imm8 | Code::Sub_rm64_imm32 if instruction.op0_register() == Register::RSP => {
                frame += instruction.immediate(1);
            }
            Code::Mov_rm64_r64 if instruction.memory_base() == Register::RSP => {
                let argument = [Register::RAX, Register::RBX].iter().position(|it| *it == instruction.op1_register());
                if let Some(argument) = argument.filter(|argument| place == frame + 8 * (*argument as u64 + 1)) {
                    stored[argument] = Some(place);
                }
            }
            _ if instruction.flow_control() == FlowControl::Call => break,
            _ => {}
        }
    }
    let [Some(first), Some(second)] = stored else { return false };
    let mut factory = InstructionInfoFactory::new();
    let writes = instructions(code, address).flat_map(|instruction| {
        let used = factory.info(&instruction).used_memory().iter();
        used.filter(|used| used.base() == Register::RSP && used.index() == Register::None && is_written(used.access()))
            .map(|used| used.displacement())
            .collect::<Vec<_>>()
    });
    writes.filter(|place| [first, second].contains(place)).count() == 2
}

/// Where the direct calls and the jumps out of a function go.
pub(crate) fn destinations(code: &[u8], address: u64) -> Vec<u64> {
    let length = code.len() as u64;
    instructions(code, address)
        .filter(|instruction| !matches!(instruction.flow_control(), FlowControl::Next | FlowControl::Return))
        .filter_map(|instruction| near_target(&instruction))
        .filter(|target| target.wrapping_sub(address) >= length || *target == address)
        .collect()
}

/// The slot of the global offset table through which a PLT entry jumps.
pub(crate) fn plt_slot(code: &[u8], address: u64) -> Option<u64> {
    instructions(code, address)
        .take(3)
        .find(|instruction| instruction.code() == Code::Jmp_rm64 && instruction.is_ip_rel_memory_operand())
        .map(|instruction| instruction.ip_rel_memory_address())
}

/// The addresses of a function's return instructions. `None`: an instruction in it can't be decoded.
pub(crate) fn returns(code: &[u8], address: u64) -> Option<Vec<u64>> {
    let mut found = Vec::new();
    for instruction in instructions(code, address) {
        if instruction.is_invalid() {
            return None;
        }
        if instruction.flow_control() == FlowControl::Return {
            found.push(instruction.ip());
        }
    }
    Some(found)
}

/// A call on the straight way from a function's start, with the arguments that it hands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StraightCall {
    pub(crate) target: u64,
    /// Which of the function's own arguments (0…5) are in the six argument registers when it calls.
    pub(crate) arguments: [Option<u8>; 6],
    /// No branch lies before it: every call of the function comes here.
    pub(crate) is_certain: bool,
}

/// The direct calls (and the jump out, if the function ends so) that are reached from a function's start when no
/// condition jumps. A register counts as an argument only while it provably is one: copies and sign extensions.
pub(crate) fn straight_calls(code: &[u8], address: u64) -> Vec<StraightCall> {
    let mut factory = InstructionInfoFactory::new();
    let mut held: Vec<(Register, u8)> = ARGUMENTS.into_iter().zip(0..).collect();
    let mut calls = Vec::new();
    let mut is_certain = true;
    for instruction in instructions(code, address).take(MAX_STRAIGHT) {
        if instruction.is_invalid() {
            break;
        }
        let call = |is_certain| {
            near_target(&instruction).map(|target| StraightCall {
                target,
                arguments: ARGUMENTS
                    .map(|register| held.iter().find(|(holder, _)| *holder == register).map(|(_, argument)| *argument)),
                is_certain,
            })
        };
        match instruction.flow_control() {
            FlowControl::Next => {}
            FlowControl::Call => {
                calls.extend(call(is_certain));
                held.retain(|(register, _)| is_kept_by_calls(*register));
                continue;
            }
            FlowControl::UnconditionalBranch => {
                calls.extend(call(is_certain));
                break;
            }
            FlowControl::ConditionalBranch => {
                is_certain = false;
                continue;
            }
            _ => break,
        }
        let copied = copied(&instruction).and_then(|(to, from)| {
            held.iter().find(|(register, _)| *register == from).map(|(_, argument)| (to, *argument))
        });
        for used in factory.info(&instruction).used_registers() {
            if is_written(used.access()) {
                let register = used.register().full_register();
                held.retain(|(holder, _)| *holder != register);
            }
        }
        held.extend(copied);
    }
    calls
}

fn copied(instruction: &Instruction) -> Option<(Register, Register)> {
    let is_copy = matches!(
        instruction.code(),
        Code::Mov_r64_rm64 | Code::Mov_rm64_r64 | Code::Movsxd_r64_rm32 | Code::Mov_r32_rm32 | Code::Mov_rm32_r32
    );
    let is_between_registers =
        is_copy && instruction.op0_kind() == OpKind::Register && instruction.op1_kind() == OpKind::Register;
    is_between_registers
        .then(|| (instruction.op0_register().full_register(), instruction.op1_register().full_register()))
}

fn is_kept_by_calls(register: Register) -> bool {
    use Register::{R12, R13, R14, R15, RBP, RBX};
    matches!(register, RBX | RBP | R12 | R13 | R14 | R15)
}
