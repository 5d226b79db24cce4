import { maybe, type Plot } from '../plot.js'

const SKILLS = [
  'ride a bike / riding a bike / rode all the way down the street / fell off the bike / Look ahead, not at your feet',
  'swim / swimming / swam to the other side / swallowed a lot of water / Kick with your legs like a frog',
  'whistle / whistling / whistled a whole song / blew and blew, but there was only air / Make your lips round and blow softly',
  'tie a bow / tying a bow / made a perfect bow / made a knot that nobody could open / Make two ears like those of a rabbit',
  'skate on the ice / skating / glided over the ice / landed on the cold ice / Bend your knees and take small steps',
  'fly a kite / flying a kite / made the kite dance in the clouds / saw the kite fall on its nose / Run against the wind and let the string go slowly',
  'read / reading / read a whole page / mixed up the letters / Look at one letter after the other',
  'juggle / juggling / kept three balls in the air / dropped the balls on the floor / Begin with one ball, and then take two',
  'climb a rope / climbing / climbed to the very top / slid back to the ground / Hold the rope with your feet, too',
  'jump rope / jumping rope / jumped a hundred times / got caught in the rope / Listen to the rope and jump when it hits the ground',
  'write a name / writing / wrote every letter of the name / broke the pencil / Hold the pencil as if it were a little bird',
  'stand on one hand / standing on one hand / stood on one hand for a moment / fell over like a tree / Put your hand flat on the ground',
  'play the flute / playing the flute / played a little song / made a terrible squeak / Blow as softly as you can',
  'bake bread / baking bread / took a perfect loaf out of the oven / made bread as hard as a stone / Give the dough time to rest',
  'row a boat / rowing a boat / rowed straight over the lake / went around in circles / Pull with both arms at the same time',
  'knit / knitting / made a whole scarf / lost the thread / Count your stitches',
  'catch a ball / catching a ball / caught ten balls in a row / missed the ball / Keep your eyes on the ball',
  'count to a hundred / counting / counted to a hundred without a mistake / forgot what came after twenty-nine / Say it in little steps of ten',
  'do a somersault / doing somersaults / rolled over like a ball / fell to the side / Put your chin on your chest',
  'dive / diving / brought up a stone from the bottom / came up again too soon / Take a deep breath first',
]

export const skill: Plot = {
  name: 'skill',
  hero: 'child',
  cast: { helper: 'parent|grand|older|friend|teacher|neighbor' },
  rows: { skill: SKILLS },
  want: 'skill',
  beats: [
    `- [Day], [hero] saw how [helper] could [skill]. "I want to do that, too!" [hero.he] said.
     - There was one thing that [hero] wanted to learn more than anything: [hero.he] wanted to [skill].
     - [Day], [hero] wanted to learn how to [skill].
     - "All the others can [skill], only I cannot," said [hero] [lately].
     - [Day], [hero] watched some children. They could all [skill]. [Hero] wished that [hero.he] could do it,
       too.`,
    `- "It is not hard," [hero] thought. But the first time, [hero.he] [skill.d].
     - [Hero] tried it at once. But [hero.he] [skill.d].
     - [Hero.He] tried once and tried again. Each time [hero.he] [skill.d].
     - But it was harder than it looked. [Hero] [skill.d].
     - The first try went wrong. [Hero] [skill.d], and somebody laughed.`,
    `- "I will never learn it!" cried [hero] and wanted to give up.
     - [Hero] was angry and stamped on the ground. "This is stupid!" [hero.he] said.
     - [Hero] was $sad. "Maybe I am too small," [hero.he] said.
     - "I cannot do it," said [hero]. "You cannot do it yet," said [helper].
     - [Hero] sat down and did not want to try anymore.`,
    `- [Helper] sat down beside [hero]. "I will show you," said [helper]. "[Skill.e]."
     - "Nobody can do it the first time," said [helper]. "[Skill.e]."
     - [Helper] had a tip. "[Skill.e]," [helper.he] said, "and don't be afraid."
     - "Do you know how many times I tried?" asked [helper]. "A thousand times! [Skill.e]."
     - [Helper] saw it and came to help. "[Skill.e]," said [helper]. "And now once more!"`,
    `- [Hero] tried it like that. It was a little better already.
     - So they practiced every day after lunch. Day by day, it went better.
     - [Hero] practiced [skill.b] in the morning, at noon and in the evening.
     - It took a long time. But [hero] did not stop [skill.b].
     - Again [hero] [skill.d]. But [hero.he] got up and went on.`,
    maybe(
      0.5,
      `- On Monday it did not work, on Tuesday it almost worked, and on Wednesday it worked for a second.
     - "Once more," said [hero] every time. "Just once more."
     - [Helper] never lost patience.
     - At night, [hero] even dreamed of it.`,
    ),
    `- And then, all at once, it worked! [Hero] [skill.c].
     - One day it happened. [Hero] [skill.c]. "I can do it!" [hero.he] shouted.
     - $finally, [hero] [skill.c]. [Helper] clapped.
     - "Look at me!" cried [hero]. And really, [hero.he] [skill.c].
     - Then came the great moment: [hero] [skill.c]!`,
    maybe(
      0.6,
      `- "I knew that you could do it," said [helper].
     - The whole family came to see it.
     - The next day, [hero] began to teach it to a friend.
     - [Hero] could not stop [skill.b] until it was dark.
     - "What shall I learn next?" asked [hero].`,
    ),
  ],
  lets: { lately: 'one day|at dinner|one evening|on the way home|one morning' },
  moral:
    'one has to practice to learn something|nobody can do everything the first time|it is worth trying again and again|one should never give up',
  feelings: 'proud|happy|strong|great',
  questions: `
    What did [hero.full] want to learn? = [Hero.full] wanted to learn how to [skill].
    Who helped [hero.full]? = [Helper.full] helped [hero.full].
    What happened in the end? = [Hero.full] [skill.c].`,
}

export const teaching: Plot = {
  name: 'teaching',
  hero: 'child',
  traits: 'clever|patient|quick|proud|helpful',
  cast: { small: 'younger' },
  rows: { skill: SKILLS },
  want: 'skill',
  beats: [
    `- [Hero] could [skill] very well. [Small] always watched with big eyes.
     - [Day], [small] said to [hero], "Please teach me how to [skill]!"
     - [Hero] was good at [skill.b]. [Small] wanted to learn it, too.
     - [Day], [small] came to [hero]. "You can [skill]. Can you show me?"`,
    `- "You are too little," said [hero]. [Small] looked so sad that [hero] felt sorry. "All right, I will
       show you."
     - "That is easy," said [hero]. "Just do what I do."
     - [Hero] was proud to be the teacher. "Look at me first," [hero.he] said.
     - "$yes," said [hero]. "Let us begin right now."`,
    `- But [small] [skill.d]. [Hero] had to laugh, and [small] $cried.
     - [Small] tried it, but [small.he] [skill.d]. "No, no, not like that!" shouted [hero].
     - It did not go well. First [small] [skill.d], and then [small.he] [skill.d] again. [Hero] lost patience.
       "You are doing it all wrong!"
     - At first, [small] [skill.d]. "That was very bad," said [hero].`,
    `- "You are mean," said [small] and ran away. [Hero] was left alone.
     - [Small] sat down and did not want to try anymore.
     - A tear ran down [small.his] cheek. "I am too stupid," said [small].
     - Then [small] did not say a word. [Hero] began to feel bad.`,
    `- [Hero] remembered how hard it had been for [hero.him] in the beginning. [Hero.He] had cried, too.
     - Then [hero] thought of the time when [hero.he] had learned it. It had taken weeks!
     - "I was not better when I began," thought [hero].
     - All at once [hero] remembered how it feels when somebody laughs.`,
    `- "I am sorry," said [hero] $softly. "Let us try again. [Skill.e]."
     - [Hero] sat down beside [small]. "I was too fast. [Skill.e]. We have a lot of time."
     - [Hero] took [small] by the hand. "[Skill.e]," [hero.he] said. "And it does not matter if it goes
       wrong."
     - "You can do it," said [hero]. "I will help you. [Skill.e]."`,
    `- They went on step by step, and [hero] did not shout anymore.
     - This time [hero] praised every little step.
     - They practiced every day. [Hero] was patient, and [small] was brave.
     - It went slowly, but it went better each time.`,
    `- And one day, [small] [skill.c]! Both of them jumped for joy.
     - $finally, [small] [skill.c]. "You are the best teacher in the world," said [small].
     - Then it happened: [small] [skill.c]. [Hero] was prouder than ever before.
     - "Look, look!" cried [small]. And really, [small.he] [skill.c].`,
  ],
  moral:
    'one learns best from somebody who is patient|it is nice to help others learn|one should not laugh at somebody who is learning|a good teacher needs patience',
  feelings: 'proud|happy|glad|like a real teacher',
  questions: `
    What did [small.full] want to learn? = [Small.full] wanted to learn how to [skill].
    Who was the teacher? = [Hero.full] was the teacher.
    What happened in the end? = [Small.full] [skill.c].`,
}
